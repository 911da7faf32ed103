"""Owns the benchmark of workers that come and go: the rate of several feeds with one worker, with two, with one again.

    .venv/bin/python -m benchmarks.feeds --video VIDEO [--feeds 2] [--loops 2] [--seconds 30]

Every frame, all four tasks, in a stack of its own that begins with one worker. Nothing may be lost or come twice.
"""

import argparse
import itertools
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks.clips import looped
from stack import workers
from stack.settings import StackSettings
from stack.trial import trial

TASKS = "objects_detection,faces_detection,emotions_detection,color_detection"
SAMPLE_SECONDS = 0.25
WAIT_SECONDS = 600.0
ENDED = ("completed", "failed", "cancelled")


@dataclass
class Feeds:
    """Several uploads of one file, and how many of their frames had an outcome at which moment."""

    client: httpx.Client
    paths: list[str] = field(default_factory=list)
    seen: list[tuple[float, int]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self, film: Path, count: int) -> None:
        """Have the file analysed so many times."""
        for number in range(1, count + 1):
            with film.open("rb") as file:
                form = {"modelsToRun": TASKS, "frameStep": "1", "videoName": f"feed {number}"}
                answer = self.client.post("/analysis/upload", data=form, files={"file": (film.name, file)})
            self.paths.append(answer.raise_for_status().json()["status_url"])

    def done(self) -> int:
        """Frames of all of them with an outcome."""
        frames = (self.client.get(path).raise_for_status().json()["frames"] for path in self.paths)
        return sum(one["done"] + one["failed"] for one in frames)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look again and again meanwhile."""
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(10)

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            self.seen.append((time.monotonic(), self.done()))

    def rate(self, began: float, ended: float) -> float:
        """Frames a second between two moments."""
        inside = [(at, count) for at, count in self.seen if began <= at <= ended]
        (first, before), (last, after) = inside[0], inside[-1]
        return (after - before) / (last - first)

    def pause(self, began: float, ended: float) -> float:
        """The longest time between two moments in which no outcome came."""
        moves = [began]
        for (_, before), (at, after) in itertools.pairwise(self.seen):
            if began <= at <= ended and after > before:
                moves.append(at)
        return max(b - a for a, b in itertools.pairwise([*moves, ended]))

    def statuses(self) -> list[str]:
        """How each ended, with its counts; waits for it."""
        until = time.monotonic() + WAIT_SECONDS
        found = []
        for path in self.paths:
            while (shown := self.client.get(path).raise_for_status().json())["status"] not in ENDED:
                if time.monotonic() > until:
                    raise TimeoutError(f"not ended: {shown}")
                time.sleep(1)
            frames = shown["frames"]
            found.append(f"{shown['status']}, {frames['done']} of {frames['expected']}, {frames['failed']} failed")
        return found


def phase(settings: StackSettings, feeds: Feeds, number: int, seconds: float) -> tuple[float, float, float]:
    """Have so many workers, wait until a batch ends that had them; the rate, the pause of the change, its length."""
    began = time.monotonic()
    workers.change(settings, number, lambda text: None)
    changed = time.monotonic() - began
    _wait_for_batch(settings, number)
    pause = feeds.pause(began, time.monotonic())
    start = time.monotonic()
    time.sleep(seconds)
    return feeds.rate(start, time.monotonic()), pause, changed


def _wait_for_batch(settings: StackSettings, number: int) -> None:
    """Until another micro-batch of so many workers has ended."""
    log = settings.log_dir / "analysis.log"

    def ended() -> int:
        return log.read_text(errors="replace").count(f"s by {number} workers")

    _wait(ended, ended())


def _wait(count: Callable[[], int], before: int) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while count() <= before:
        if time.monotonic() > until:
            raise TimeoutError("no micro-batch has ended")
        time.sleep(SAMPLE_SECONDS)


def measured(settings: StackSettings, film: Path, count: int, seconds: float, numbers: Sequence[int]) -> int:
    """Measure and print; 0 when nothing was lost."""
    with httpx.Client(base_url=settings.api_url, timeout=120, trust_env=False) as client:
        feeds = Feeds(client)
        feeds.start(film, count)
        with feeds.watched():
            _wait(feeds.done, 0)
            rates = []
            for number in numbers:
                rate, pause, changed = phase(settings, feeds, number, seconds)
                rates.append(rate)
                print(
                    f"{number} workers: {rate:.1f} frames/s, {rate / rates[0]:.2f} times the first; changed in "
                    f"{changed:.1f} s, {pause:.1f} s at most without an outcome",
                    flush=True,
                )
        statuses = feeds.statuses()
    print(*statuses, sep="\n")
    return 0 if all(one.startswith("completed") and one.endswith(", 0 failed") for one in statuses) else 1


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.feeds")
    mirror = os.environ.get("FRAMEWISE_MIRROR")
    sample = Path(mirror) / "media" / "video" / "people_vtest.avi" if mirror else None
    parser.add_argument("--video", type=Path, default=sample, required=sample is None)
    parser.add_argument("--feeds", type=int, default=2)
    parser.add_argument("--loops", type=int, default=2, help="the clip is repeated so often")
    parser.add_argument("--seconds", type=float, default=30, help="measured with each number of workers")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 1])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, trial(workers=options.workers[0]) as own:
        film = Path(folder) / f"looped{options.video.suffix}"
        frames = looped(options.video, film, options.loops)
        print(f"{options.feeds} feeds of {frames} frames, {os.cpu_count()} cores", flush=True)
        return measured(own.settings, film, options.feeds, options.seconds, options.workers)


if __name__ == "__main__":
    sys.exit(main())
