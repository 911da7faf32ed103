"""Owns the benchmark of many live streams: what one more costs in memory and CPU, as a slope over several counts.

    .venv/bin/python -m benchmarks.streams --video VIDEO [--counts 1 2 4 8] [--seconds 20] [--rate 15]

ffmpeg publishes each stream over RTMP (720p, encoded beforehand); one frame a second of each is analysed, objects only.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import numpy as np

from benchmarks import numbered
from benchmarks.latency import endpoint, roots
from benchmarks.publisher import Publisher
from benchmarks.running import running
from benchmarks.usage import Usage
from stack.settings import StackSettings

CLIP_SECONDS = 10
WARM_SECONDS = 8.0
END_SECONDS = 60.0
POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Cost:
    """What so many streams together cost: MiB resident and CPU seconds a second, by service."""

    streams: int
    memory: dict[str, float]
    cpu: dict[str, float]
    analysed: int
    dropped: int


def measured(settings: StackSettings, clip: Path, streams: int, seconds: float, rate: int) -> Cost:
    """Run so many streams for a while."""
    client = httpx.Client(base_url=settings.api_url, timeout=60, trust_env=False)
    with ExitStack() as publishing:
        made = [endpoint(client, rate, f"stream {n}") for n in range(1, streams + 1)]
        for _, address in made:
            publishing.enter_context(Publisher(clip, address))
        time.sleep(WARM_SECONDS)
        before = [_frames(client, video_id) for video_id, _ in made]
        with Usage(roots(settings)) as usage:
            time.sleep(seconds)
        after = [_frames(client, video_id) for video_id, _ in made]
    for video_id, _ in made:
        client.post(f"/analysis/{video_id}/cancel")
        _wait_for_end(client, video_id)
    return Cost(
        streams,
        {name: sum(peaks) / 2**20 for name, peaks in usage.peaks().items()},
        {name: spent / seconds for name, spent in usage.cpu_seconds().items()},
        sum(b["done"] - a["done"] for a, b in zip(before, after, strict=True)),
        sum(b["dropped"] - a["dropped"] for a, b in zip(before, after, strict=True)),
    )


def _frames(client: httpx.Client, video_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/analysis/{video_id}").raise_for_status().json()["frames"]
    return {name: found.get(name) or 0 for name in ("done", "dropped")}


def _wait_for_end(client: httpx.Client, video_id: UUID) -> None:
    patience = time.monotonic() + END_SECONDS
    while client.get(f"/analysis/{video_id}").json()["status"] in ("pending", "processing"):
        if time.monotonic() > patience:
            raise TimeoutError(f"video {video_id} does not end")
        time.sleep(POLL_SECONDS)


def slope(costs: Sequence[Cost], values: Sequence[float]) -> float:
    """What one more stream adds, by least squares."""
    return float(np.polyfit([cost.streams for cost in costs], values, 1)[0])


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streams")
    mirror = os.environ.get("FRAMEWISE_MIRROR")
    sample = Path(mirror) / "media" / "video" / "people_vtest.avi" if mirror else None
    parser.add_argument("--video", type=Path, default=sample, required=sample is None)
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rate", type=int, default=15, help="frames a second of each stream")
    parser.add_argument("--clip", type=Path, help="a numbered clip of an earlier run, or where to keep it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(os.cpu_count() or 1) as settings:
        clip = options.clip or Path(folder) / "numbered.flv"
        if not clip.is_file():
            numbered.clip(options.video, clip, CLIP_SECONDS * options.rate, options.rate)
        costs = []
        for streams in options.counts:
            costs.append(measured(settings, clip, streams, options.seconds, options.rate))
            _print(costs[-1], options.seconds)
    if len(costs) > 1:
        _print_slopes(costs)
    return 0


def _print(cost: Cost, seconds: float) -> None:
    print(
        f"{cost.streams} streams: {sum(cost.memory.values()):.0f} MiB, {sum(cost.cpu.values()):.2f} CPU seconds a "
        f"second, {cost.analysed / seconds:.1f} frames/s analysed, {cost.dropped} dropped",
        flush=True,
    )


def _print_slopes(costs: Sequence[Cost]) -> None:
    print("\none more stream adds")
    for name in costs[0].memory:
        memory = slope(costs, [cost.memory[name] for cost in costs])
        cpu = slope(costs, [cost.cpu[name] for cost in costs])
        print(f"  {name:<12} {memory:7.1f} MiB  {cpu:6.3f} CPU seconds a second")
    memory = slope(costs, [sum(cost.memory.values()) for cost in costs])
    cpu = slope(costs, [sum(cost.cpu.values()) for cost in costs])
    print(f"  {'together':<12} {memory:7.1f} MiB  {cpu:6.3f} CPU seconds a second")


if __name__ == "__main__":
    sys.exit(main())
