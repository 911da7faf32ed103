"""Owns the benchmark of workers that come and go: the rate of several feeds with one worker, two, one, two.

    .venv/bin/python -m benchmarks.feeds --video VIDEO [--feeds 2] [--loops 3] [--seconds 25]

Every frame, all four tasks, in a stack of its own that begins with one worker. Nothing may be lost or come twice.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
import psutil

from benchmarks.at_work import shares, stints
from benchmarks.clips import looped
from benchmarks.feeding import SAMPLE_SECONDS, WAIT_SECONDS, Feeds
from pipeline.cassandra.client import CassandraClient
from stack import workers
from stack.settings import StackSettings
from stack.trial import Trial, trial


@dataclass(frozen=True, slots=True)
class Phase:
    """A while with so many workers: seconds since 1970, frames a second, what the change to it took and stopped.

    `cores` is how many cores of the machine were at work on average.
    """

    workers: int
    began: float
    ended: float
    rate: float
    cores: float
    pause: float
    changed: float

    def __str__(self) -> str:
        return (
            f"{self.workers} workers: {self.rate:.1f} frames/s, {self.cores:.2f} cores; changed in "
            f"{self.changed:.1f} s, {self.pause:.1f} s at most without an outcome"
        )


def phase(settings: StackSettings, feeds: Feeds, number: int, seconds: float) -> Phase:
    """Have so many workers, wait until a batch ends that had them, and look on for a while."""
    asked = time.monotonic()
    workers.change(settings, number, lambda text: None)
    changed = time.monotonic() - asked
    _wait_for_batch(settings, number)
    start, began = time.monotonic(), time.time()
    pause = feeds.pause(asked, start)
    psutil.cpu_percent()
    time.sleep(seconds)
    cores = psutil.cpu_percent() / 100 * (os.cpu_count() or 1)
    return Phase(number, began, time.time(), feeds.rate(start, time.monotonic()), cores, pause, changed)


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


def measured(own: Trial, film: Path, frames: int, options: argparse.Namespace) -> int:
    """Measure and print; 0 when nothing was lost."""
    with httpx.Client(base_url=own.settings.api_url, timeout=120, trust_env=False) as client:
        feeds = Feeds(client)
        feeds.start(film, options.feeds)
        with feeds.watched():
            _wait(feeds.done, 0)
            phases = []
            for number in options.workers:
                phases.append(phase(own.settings, feeds, number, options.seconds))
                print(phases[-1], flush=True)
        statuses = feeds.statuses()
    print(*statuses, sep="\n")
    _say_shares(own, feeds, frames, phases)
    _say_medians(phases)
    return 0 if all(one.startswith("completed") and one.endswith(", 0 failed") for one in statuses) else 1


def _say_shares(own: Trial, feeds: Feeds, frames: int, phases: Sequence[Phase]) -> None:
    """For which share of each phase each worker had frames in hand: the rest it waited."""
    store = CassandraClient(own.cassandra())
    done = stints(store, [UUID(path.rpartition("/")[2]) for path in feeds.paths], frames)
    store.close()
    for one in phases:
        at_work = sorted(shares(done, one.began, one.ended).values(), reverse=True)
        print(f"{one.workers} workers: at work {', '.join(f'{share:.0%}' for share in at_work)} of the time")


def _say_medians(phases: Sequence[Phase]) -> None:
    """The median rate of each number of workers, and how many times the smallest number's it is."""
    rates = {
        number: statistics.median(one.rate for one in phases if one.workers == number)
        for number in sorted({one.workers for one in phases})
    }
    first = next(iter(rates.values()))
    for number, rate in rates.items():
        print(f"{number} workers: median {rate:.1f} frames/s, {rate / first:.2f} times")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.feeds")
    mirror = os.environ.get("FRAMEWISE_MIRROR")
    sample = Path(mirror) / "media" / "video" / "people_vtest.avi" if mirror else None
    parser.add_argument("--video", type=Path, default=sample, required=sample is None)
    parser.add_argument("--feeds", type=int, default=2)
    parser.add_argument("--loops", type=int, default=3, help="the clip is repeated so often")
    parser.add_argument("--seconds", type=float, default=25, help="measured after each change")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 1, 2])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, trial(workers=options.workers[0]) as own:
        film = Path(folder) / f"looped{options.video.suffix}"
        frames = looped(options.video, film, options.loops)
        print(f"{options.feeds} feeds of {frames} frames, {os.cpu_count()} cores", flush=True)
        return measured(own, film, frames, options)


if __name__ == "__main__":
    sys.exit(main())
