"""Owns the trial of many short videos: whether a queue of them keeps every worker at work to the last frame.

    ./run.sh                                        # or let the benchmark start a stack of its own
    .venv/bin/python -m benchmarks.many [--videos 60] [--frames 20] [--video VIDEO]

A queue of clips, objects only, every frame. What each worker did when is read from what the workers wrote. Beside it,
the same number of frames as one video.
"""

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from benchmarks.at_work import Stint, finished, shares, stints
from benchmarks.clips import cut
from benchmarks.feeding import ENDED
from benchmarks.latency import roots
from benchmarks.running import running
from benchmarks.usage import Usage
from pipeline.cassandra.client import CassandraClient
from pipeline.contracts.settings import CassandraSettings
from stack.settings import HOST, StackSettings

TASKS = "objects_detection"
POLL_SECONDS = 2.0
WAIT_SECONDS = 3600.0
PART_SECONDS = 5.0
BATCH = re.compile(r"batch \d+: (\d+) records in ([\d.]+) s by")


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of some videos: seconds from the first submission to the last result, frames, the workers' stints."""

    seconds: float
    began: float
    frames: int
    stints: frozenset[Stint]
    cpu: dict[str, float]
    memory: Sequence[tuple[float, int]]
    done: Sequence[float]
    """When each frame was done, in order, in seconds since 1970."""

    @property
    def rate(self) -> float:
        """Frames a second from submission to stored result."""
        return self.frames / self.seconds

    @property
    def last(self) -> float:
        """When the last frame was analysed, in seconds since 1970."""
        return max(stint.ended for stint in self.stints)

    @property
    def first(self) -> float:
        """When the first one was taken in hand."""
        return min(stint.began for stint in self.stints)

    @property
    def at_work(self) -> dict[str, float]:
        """The share of the time between these in which each worker had frames in hand."""
        return shares(self.stints, self.first, self.last)

    @property
    def tail(self) -> float:
        """For how long at the end the first worker to run out had nothing to do, in seconds."""
        return self.last - min(max(s.ended for s in self.stints if s.worker == worker) for worker in self.at_work)

    @property
    def batch_seconds(self) -> float:
        """The longest time for which a worker had frames in hand together."""
        return max(stint.ended - stint.began for stint in self.stints)


def submit(client: httpx.Client, clip: Path, count: int, tasks: str = TASKS) -> list[str]:
    """Upload a clip so many times, four at a time; the paths of the videos."""

    def one(number: int) -> str:
        with clip.open("rb") as file:
            form = {"modelsToRun": tasks, "frameStep": "1", "videoName": f"clip {number}"}
            answer = client.post("/analysis/upload", data=form, files={"file": (clip.name, file)})
        return str(answer.raise_for_status().json()["status_url"])

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(one, range(count)))


def wait(client: httpx.Client, paths: Sequence[str]) -> list[dict[str, Any]]:
    """All of them, ended; asks for the last that has not, since asking costs the service something."""
    until = time.monotonic() + WAIT_SECONDS
    found: dict[str, dict[str, Any]] = {}
    while left := [path for path in reversed(paths) if path not in found]:
        for path in left:
            shown = client.get(path).raise_for_status().json()
            if shown["status"] not in ENDED:
                break
            found[path] = shown
        else:
            continue
        if time.monotonic() > until:
            raise TimeoutError(f"not ended: {shown}")
        time.sleep(POLL_SECONDS)
    return [found[path] for path in paths]


def run(settings: StackSettings, clip: Path, count: int, frames: int, tasks: str = TASKS) -> Ended:
    """Have a clip of so many frames analysed so many times."""
    servers = CassandraSettings(cassandra_hosts=HOST, cassandra_port=settings.cassandra_port)
    with (
        httpx.Client(base_url=settings.api_url, timeout=120, trust_env=False) as client,
        closing(CassandraClient(servers)) as store,
    ):
        began = time.time()
        with Usage(roots(settings)) as usage:
            videos = wait(client, submit(client, clip, count, tasks))
        bad = [v for v in videos if v["status"] != "completed" or v["frames"]["done"] != frames]
        if bad:
            raise RuntimeError(f"{len(bad)} of {count} videos are not complete: {bad[0]}")
        ended = max(datetime.fromisoformat(v["finished_at"]).timestamp() for v in videos)
        ids = [UUID(v["video_id"]) for v in videos]
        stinted, done = stints(store, ids, frames), finished(store, ids, frames)
    return Ended(ended - began, began, count * frames, frozenset(stinted), usage.cpu_seconds(), usage.totals, done)


def report(name: str, found: Ended) -> None:
    """Print what was measured."""
    print(f"\n{name}: {found.frames} frames in {found.seconds:.1f} s, {found.rate:.1f} frames/s")
    print(f"  submission to the first frame in hand {found.first - found.began:.1f} s, last frame to stored and ended "
          f"{found.began + found.seconds - found.last:.1f} s")  # fmt: skip
    print("  at work between first and last frame: " + ", ".join(f"{share:.0%}" for share in found.at_work.values()))
    print(f"  nothing to do at the end: {found.tail:.1f} s (a worker's frames in hand: {found.batch_seconds:.1f} s)")
    at, parts = found.first, []
    while at < found.last:
        part = shares(found.stints, at, min(at + PART_SECONDS, found.last))
        parts.append(sum(part.values()) / max(1, len(found.at_work)))
        at += PART_SECONDS
    print(f"  by {PART_SECONDS:.0f} s, mean of the workers: " + " ".join(f"{part:.0%}" for part in parts))
    print("  CPU ms a frame: " + ", ".join(f"{n} {s / found.frames * 1000:.1f}" for n, s in found.cpu.items()))


def batches(settings: StackSettings) -> list[tuple[int, float]]:
    """Frames and seconds of each micro-batch that the analysis has logged."""
    text = (settings.log_dir / "analysis.log").read_text(errors="replace")
    return [(int(frames), float(seconds)) for frames, seconds in BATCH.findall(text)]


def main() -> int:
    """Measure and print; 1 when a worker idled at the end for longer than a batch takes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.many")
    mirror = os.environ.get("FRAMEWISE_MIRROR")
    sample = Path(mirror) / "media" / "video" / "people_vtest.avi" if mirror else None
    parser.add_argument("--video", type=Path, default=sample, required=sample is None)
    parser.add_argument("--videos", type=int, default=60)
    parser.add_argument("--frames", type=int, default=20, help="of each clip")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--alone", action="store_true", help="without the same frames as one video")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(options.workers) as settings:
        short, long = Path(folder) / "short.mp4", Path(folder) / "long.mp4"
        cut(options.video, short, options.frames)
        run(settings, short, 4, options.frames)
        before = len(batches(settings))
        many = run(settings, short, options.videos, options.frames)
        report(f"{options.videos} videos of {options.frames} frames", many)
        sizes, seconds = zip(*batches(settings)[before:], strict=True)
        middle = f"{statistics.median(sizes):.0f} frames in {statistics.median(seconds):.1f} s (medians)"
        print(f"  {len(sizes)} micro-batches of {middle}, {sum(seconds):.1f} s of the time")
        if not options.alone:
            frames = min(options.videos * options.frames, 790)
            cut(options.video, long, frames)
            one = run(settings, long, 1, frames)
            report("as one video", one)
            print(f"\nthe rate of the many is {many.rate / one.rate:.2f} of that of the one")
        return 0 if many.tail <= many.batch_seconds else 1


if __name__ == "__main__":
    sys.exit(main())
