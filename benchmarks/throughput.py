"""Owns the throughput benchmark: Framewise, complete and warm, beside the bare program that does the same work.

    ./run.sh                                        # or let the benchmark start a stack of its own
    .venv/bin/python -m benchmarks.throughput --video VIDEO [--loops 5] [--rounds 5]

Every frame, objects only. One round runs each contender once; the medians are compared. A contender that finds
something else than the others is void.
"""

import argparse
import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx

from benchmarks.bare import Found, decoder_and_pool, process_a_core
from benchmarks.clips import looped
from benchmarks.usage import Usage
from stack.settings import StackSettings
from stack.state import read_state
from stack.trial import trial

TOLERANCE = 0.01
WAIT_SECONDS = 1800.0
POLL_SECONDS = 2.0
"""Asking costs the service something; when it was done, its answer says."""


class Framewise:
    """The complete service: upload, ingest, Kafka, Spark, Cassandra, until the video is completed."""

    def __init__(self, settings: StackSettings) -> None:
        self._settings = settings
        self._client = httpx.Client(base_url=settings.api_url, timeout=120, trust_env=False)

    def roots(self) -> dict[str, int]:
        """Name and pid of each service."""
        state = read_state(self._settings.state_file)
        assert state is not None
        return {name: s.process.pid for name, s in state.services.items() if s.process is not None}

    def run(self, video: Path) -> tuple[float, str]:
        """Seconds from submission to every result stored, and the video's id."""
        began, submitted_at = time.perf_counter(), datetime.now(UTC)
        with video.open("rb") as file:
            form = {"modelsToRun": "objects_detection", "frameStep": "1"}
            answer = self._client.post("/analysis/upload", data=form, files={"file": (video.name, file)})
        path = answer.raise_for_status().json()["status_url"]
        while (shown := self._client.get(path).raise_for_status().json())["status"] in ("pending", "processing"):
            if time.perf_counter() - began > WAIT_SECONDS:
                raise TimeoutError(f"not completed: {shown}")
            time.sleep(POLL_SECONDS)
        if shown["status"] != "completed" or shown["frames"]["failed"]:
            raise RuntimeError(f"not completed: {shown}")
        return (datetime.fromisoformat(shown["finished_at"]) - submitted_at).total_seconds(), path

    def found(self, path: str) -> Found:
        """What is stored."""
        found: Found = {}
        params: dict[str, str | int] = {"limit": 1000}
        while True:
            page = self._client.get(f"{path}/results", params=params).raise_for_status().json()
            for row in page["items"]:
                found[row["frame_number"]] = [(d["label"], d["confidence"]) for d in row["detections"]]
            if page["next_cursor"] is None:
                return found
            params["cursor"] = page["next_cursor"]


def same(one: Found, other: Found) -> float:
    """The share of frames in which both found the same labels with the same confidence."""

    def close(a: list[tuple[str, float]], b: list[tuple[str, float]]) -> bool:
        pairs = zip(sorted(a), sorted(b), strict=False)
        return len(a) == len(b) and all(x[0] == y[0] and abs(x[1] - y[1]) < TOLERANCE for x, y in pairs)

    numbers = one.keys() | other.keys()
    return sum(n in one and n in other and close(one[n], other[n]) for n in numbers) / max(1, len(numbers))


@contextlib.contextmanager
def running(workers: int) -> Iterator[StackSettings]:
    """The stack that runs here, or one for this benchmark."""
    settings = StackSettings()
    state = read_state(settings.state_file)
    if state is not None and state.running:
        yield settings
        return
    print("starting a stack for the benchmark", flush=True)
    with trial(workers=workers) as own:
        yield own.settings


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput")
    mirror = os.environ.get("FRAMEWISE_MIRROR")
    sample = Path(mirror) / "media" / "video" / "people_vtest.avi" if mirror else None
    parser.add_argument("--video", type=Path, default=sample, required=sample is None)
    parser.add_argument("--loops", type=int, default=5, help="the clip is repeated so often")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(options.cores) as settings:
        clip = Path(folder) / f"looped{options.video.suffix}"
        frames = looped(options.video, clip, options.loops)
        print(f"{options.video.name} × {options.loops} = {frames} frames, {options.cores} cores", flush=True)
        return _measure(Framewise(settings), clip, frames, options.rounds, options.cores)


def _measure(framewise: Framewise, clip: Path, frames: int, rounds: int, cores: int) -> int:
    rates: dict[str, list[float]] = {"framewise": [], "process a core": [], "decoder and pool": []}
    costs: dict[str, list[float]] = {}
    bare_costs: list[float] = []
    framewise.run(clip)
    agreement = 1.0
    for number in range(1, rounds + 1):
        with Usage(framewise.roots()) as usage:
            seconds, path = framewise.run(clip)
        rates["framewise"].append(frames / seconds)
        for name, spent in usage.cpu_seconds().items():
            costs.setdefault(name, []).append(spent / frames * 1000)
        for name, contender in (("process a core", process_a_core), ("decoder and pool", decoder_and_pool)):
            with Usage({"bare": os.getpid()}) as bare_usage:
                seconds, found = contender(clip, cores)
            rates[name].append(frames / seconds)
            if name == "decoder and pool":
                bare_costs.append(bare_usage.cpu_seconds()["bare"] / frames * 1000)
        agreement = min(agreement, same(found, framewise.found(path)))
        shown = ", ".join(f"{name} {values[-1]:.1f}" for name, values in rates.items())
        print(f"round {number}: {shown} frames/s; equal results in {agreement:.1%} of the frames", flush=True)
    _report(rates, costs, bare_costs, usage)
    return 0 if agreement > 0.99 else 1


def _report(
    rates: dict[str, list[float]], costs: dict[str, list[float]], bare_costs: list[float], usage: Usage
) -> None:
    print("\nframes/s            median   min   max")
    for name, values in rates.items():
        print(f"  {name:<17} {statistics.median(values):6.1f} {min(values):5.1f} {max(values):5.1f}")
    medians = {name: statistics.median(values) for name, values in rates.items()}
    bare = max(("process a core", "decoder and pool"), key=lambda name: medians[name])
    ratios = [ours / theirs for ours, theirs in zip(rates["framewise"], rates[bare], strict=True)]
    print(f"\nratio to the faster bare program ({bare}): {medians['framewise'] / medians[bare]:.2f}"
          f" (round by round {min(ratios):.2f}–{max(ratios):.2f})")  # fmt: skip
    print("\nCPU seconds per 1,000 frames")
    for name, values in costs.items():
        print(f"  {name:<17} {statistics.median(values):6.1f}")
    print(f"  {'all of Framewise':<17} {sum(statistics.median(v) for v in costs.values()):6.1f}")
    print(f"  {'bare (pool)':<17} {statistics.median(bare_costs):6.1f}")
    print("\npeak memory of each process, MB (last round)")
    for name, peaks in usage.peaks().items():
        print(f"  {name:<17} {', '.join(f'{peak / 2**20:.0f}' for peak in peaks)}")
    print(f"  all together      {usage.total_peak / 2**20:.0f}")


if __name__ == "__main__":
    sys.exit(main())
