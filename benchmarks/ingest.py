"""Owns the measurement of decoding: our child beside ffmpeg doing the same (decode, select, scale, JPEG), in turns.

    FRAMEWISE_MIRROR=… python -m benchmarks.ingest [--rounds 5] [--only PART] [--clips FOLDER]

Each contender has two threads for decoding and takes the same frames to the same height. Seconds count from the start
of the process to its last JPEG, which is thrown away.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.footage import HD, HD_LONG, HD_LONG_60, SD, UHD, Footage
from ingest.decode.messages import Finished, SampledFrame
from ingest.decode.process import DecoderProcess, request_of
from pipeline.contracts.settings import IngestSettings, PathSettings
from pipeline.contracts.videos import Sampling

THREADS = 2
LIMIT_SECONDS = 1200.0


@dataclass(frozen=True, slots=True)
class Work:
    """What is decoded: every `step`-th frame, at most `height` high, of so many videos at once."""

    name: str
    footage: Footage
    step: int
    height: int = 720
    together: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one video: how many JPEGs, and the most memory of the process (bytes)."""

    frames: int
    memory: int


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: wall and processor seconds, JPEGs, and the most memory of one process (bytes)."""

    seconds: float
    cpu: float
    frames: int
    memory: int


WORKS = (
    Work("480p, every frame", SD, 1, 480),
    Work("1080p, every frame", HD, 1),
    Work("1080p, 1 in 300, key frames up to 250 apart", HD_LONG, 300),
    Work("1080p, 1 in 300, key frames up to 60 apart", HD_LONG_60, 300),
    Work("1080p, 1 in 25, four videos at once", HD, 25, together=4),
    Work("2160p, 1 in 25", UHD, 25),
    Work("2160p, 1 in 25, two videos at once", UHD, 25, together=2),
)
Contender = Callable[[Path, Work], Outcome]


def ours(path: Path, work: Work) -> Outcome:
    """The decoding child, confined as in service; its frames are dropped as they come."""
    settings = IngestSettings(frame_height=work.height)
    frames = memory = 0
    with DecoderProcess(request_of(settings, Sampling(work.step)), path, LIMIT_SECONDS, lambda: None) as child:
        for message in child.messages():
            frames += isinstance(message, SampledFrame)
            if isinstance(message, Finished) or frames % 16 == 1:
                memory = max(memory, _resident(child.pid))
    return Outcome(frames, memory)


def _resident(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def ffmpeg(path: Path, work: Work) -> Outcome:
    """The program, with the same number of threads for decoding."""
    chosen = rf"select=not(mod(n\,{work.step}))," if work.step > 1 else ""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-threads", str(THREADS), "-i", str(path), "-vf"]
    command += [f"{chosen}scale=-2:{work.height}:out_range=full,format=yuvj420p", "-fps_mode", "passthrough"]
    command += ["-c:v", "mjpeg", "-q:v", "3", "-f", "mjpeg", "-progress", "pipe:1", "-y", os.devnull]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        frames = [line for line in process.stdout if line.startswith("frame=")]
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"ffmpeg ended with code {process.returncode}")
    return Outcome(int(frames[-1].partition("=")[2]), used.ru_maxrss << 10)


CONTENDERS: dict[str, Contender] = {"Framewise": ours, "ffmpeg": ffmpeg}


def measured(contender: Contender, path: Path, work: Work) -> Measured:
    """Run it on as many videos at once as the work says."""
    before, began = _cpu(), time.perf_counter()
    with ThreadPoolExecutor(work.together) as pool:
        outcomes = list(pool.map(lambda _: contender(path, work), range(work.together)))
    seconds = time.perf_counter() - began
    return Measured(seconds, _cpu() - before, sum(o.frames for o in outcomes), max(o.memory for o in outcomes))


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(who.ru_utime + who.ru_stime for who in used)


def compare(work: Work, path: Path, rounds: int) -> None:
    """Let the contenders take turns, and print a row for each; raises SystemExit when they differ in frames."""
    runs: dict[str, list[Measured]] = {name: [] for name in CONTENDERS}
    for _ in range(rounds):
        for name, contender in CONTENDERS.items():
            runs[name].append(measured(contender, path, work))
    counts = {run.frames for found in runs.values() for run in found}
    if len(counts) > 1:
        raise SystemExit(f"{work.name}: not the same number of frames: {sorted(counts)}")
    footage = work.footage.seconds * work.footage.loops * work.together
    for name, found in runs.items():
        rates = sorted(footage / run.seconds for run in found)
        median = statistics.median(rates)
        cpu = statistics.median(run.cpu for run in found)
        memory = max(run.memory for run in found) >> 20
        print(
            f"| {work.name} | {name} | {min(counts)} | {median:.1f} ({rates[0]:.1f}–{rates[-1]:.1f}) | "
            f"{min(counts) / footage * median:.1f} | {cpu:.2f} | {memory} |",
            flush=True,
        )


def main() -> int:
    """Make the clips that are missing, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="works whose name has this in it")
    parser.add_argument("--clips", type=Path, default=PathSettings().data_dir / "bench" / "clips")
    wanted = parser.parse_args()
    mirror = PathSettings().mirror
    if mirror is None or shutil.which("ffmpeg") is None:
        parser.error("it needs FRAMEWISE_MIRROR, for real clips, and ffmpeg")
    wanted.clips.mkdir(parents=True, exist_ok=True)
    print(
        "| work | contender | JPEGs | × real time: median (range) | JPEGs/s | CPU s | MiB |", "|---" * 7 + "|", sep="\n"
    )
    for work in WORKS:
        if wanted.only in work.name:
            compare(work, work.footage.made(mirror / "media" / "video", wanted.clips), wanted.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
