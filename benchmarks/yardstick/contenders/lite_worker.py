"""Owns what a Spark worker is in Framewise without Cassandra: its models, pictures in a folder, results in a file."""

import functools
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.yardstick.findings import Found, findings, key
from inference.analyzer import Analyzer
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import AnalyzedFrame
from pipeline.contracts.settings import AnalysisSettings, PathSettings
from pipeline.kafka.publishing import DeadLetter
from pipeline.stores.frames import FolderFrameStore
from spark_jobs import process
from spark_jobs.alone import Alone
from spark_jobs.careful import CarefulAnalyzer
from spark_jobs.in_flight import InFlight, folder_of
from spark_jobs.worker import FrameWorker


@dataclass(frozen=True, slots=True)
class FileSink:
    """What was found, a line a batch; every frame is wanted."""

    path: Path

    def wanted(self, frames: Sequence[Frame]) -> list[bool]:
        return [True] * len(frames)

    def veiled(self, frames: Sequence[Frame]) -> list[bool]:
        """None."""
        return [False] * len(frames)

    def keep(self, frames: Sequence[AnalyzedFrame], letters: Sequence[DeadLetter]) -> None:
        if letters:
            raise RuntimeError(f"{len(letters)} records were set aside: {letters[0].reason}")
        found = {key(f.video_id.int - 1, f.frame_number): findings(f.results) for f in frames}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(found) + "\n")

    def finish(self) -> None:
        """Nothing is counted."""


def kept(paths: PathSettings) -> Found:
    """What all workers have found."""
    lines = (line for path in _folder(paths).iterdir() for line in path.read_text(encoding="utf-8").splitlines())
    return {name: [(t, label, c) for t, label, c in said] for line in lines for name, said in json.loads(line).items()}


def open_worker(paths: PathSettings) -> FrameWorker:
    """This process's worker, for the task that begins."""
    process._forget_archives()  # as the job does
    return _open(paths)


@functools.cache
def _open(paths: PathSettings) -> FrameWorker:
    """Made on first use and kept, with its models."""
    results = _folder(paths)
    results.mkdir(parents=True, exist_ok=True)
    name = f"worker-{os.getpid()}"
    seconds = AnalysisSettings().hang_seconds
    make = functools.partial(Analyzer.from_settings, paths)
    careful = CarefulAnalyzer(make(), InFlight(folder_of(paths.data_dir)), Alone(make, seconds), seconds)
    return FrameWorker(careful, FolderFrameStore(paths.frames_dir), FileSink(results / f"{name}.jsonl"), name)


def _folder(paths: PathSettings) -> Path:
    return paths.data_dir / "results"
