"""Owns the trial of the first result: how long after its submission a video's first row can be read.

    ./run.sh                                        # or let the benchmark start a stack of its own
    .venv/bin/python -m benchmarks.first_result [--submissions 20] [--beside FILM]

A warm stack. Each submission is an upload of a short clip, every frame, objects only; its rows are asked for every
20 ms from the answer on. `--beside` has a file analysed at the same time.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from benchmarks.clips import cut
from benchmarks.latency import beside
from benchmarks.many import wait
from benchmarks.running import running

POLL_SECONDS = 0.02
WAIT_SECONDS = 120.0
FRAMES = 20
PAUSE_SECONDS = 0.5
STAGES = (
    ("wake-up and claim", "downloading"),
    ("fetch, probe, decode begun", "decoding"),
    ("to the worker", "analysing"),
)


@dataclass(frozen=True, slots=True)
class First:
    """Seconds from the request to its answer, and to a row that could be read; and since when each stage went on."""

    answered: float
    readable: float
    began: dict[str, float]


def first_result(client: httpx.Client, clip: Path) -> First:
    """Submit once; returns when the video has ended."""
    submitted, began = time.time(), time.perf_counter()
    with clip.open("rb") as file:
        form = {"modelsToRun": "objects_detection", "frameStep": "1"}
        answer = client.post("/analysis/upload", data=form, files={"file": (clip.name, file)}).raise_for_status()
    answered, path = time.perf_counter() - began, answer.json()["status_url"]
    while not client.get(f"{path}/results", params={"limit": 1}).raise_for_status().json()["items"]:
        if time.perf_counter() - began > WAIT_SECONDS:
            raise TimeoutError(f"no result: {client.get(path).json()}")
        time.sleep(POLL_SECONDS)
    readable = time.perf_counter() - began
    (shown,) = wait(client, [path])
    stages = {stage["name"]: stage["started_at"] for stage in shown["stages"]}
    times = {name: datetime.fromisoformat(at).timestamp() - submitted for name, at in stages.items()}
    return First(answered, readable, times)


def report(found: Sequence[First]) -> None:
    """Print the median and the worst, and where the time goes."""
    waits = sorted(one.readable for one in found)
    print(f"first result: median {statistics.median(waits):.2f} s, max {waits[-1]:.2f} s ({len(waits)} submissions)")
    print("where it goes (medians):")
    print(f"  {'the request':<28} {statistics.median(one.answered for one in found):.2f} s")
    at = [one.answered for one in found]
    for name, stage in STAGES:
        then = [one.began[stage] for one in found]
        print(f"  {name:<28} {statistics.median(b - a for a, b in zip(at, then, strict=True)):.2f} s")
        at = then
    rest = [one.readable - one.began["analysing"] for one in found]
    print(f"  {'model, keep, read':<28} {statistics.median(rest):.2f} s")


def main() -> int:
    """Measure and print; 1 when the median is above two seconds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_result")
    mirror = os.environ.get("FRAMEWISE_MIRROR")
    sample = Path(mirror) / "media" / "video" / "people_vtest.avi" if mirror else None
    parser.add_argument("--video", type=Path, default=sample, required=sample is None)
    parser.add_argument("--submissions", type=int, default=20)
    parser.add_argument("--beside", type=Path, help="a file that is analysed at the same time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, running(os.cpu_count() or 1) as settings:
        folder, found = Path(name), []
        cut(options.video, clip := folder / "clip.mp4", FRAMES)
        with httpx.Client(base_url=settings.api_url, timeout=60, trust_env=False) as client:
            first_result(client, clip)
            with beside(client, options.beside, folder):
                for _ in range(options.submissions):
                    time.sleep(PAUSE_SECONDS)
                    found.append(first_result(client, clip))
        report(found)
        return 0 if statistics.median(one.readable for one in found) <= 2 else 1


if __name__ == "__main__":
    sys.exit(main())
