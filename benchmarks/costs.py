"""Owns what a frame costs: CPU by service, bytes in the frame store, Kafka and Cassandra. Sizing computes from these.

    .venv/bin/python -m benchmarks.costs [--films FILM …] [--rounds 3]     # of the stack that runs here, or of its own

Each film is analysed with each task alone and with all, in turn. Cassandra writes its tables to disk after each, so the
bytes are those of files; that needs `jcmd`, which comes with a JDK.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.latency import roots
from benchmarks.running import running
from benchmarks.usage import Usage
from pipeline.contracts.results import USUAL_TASKS
from pipeline.contracts.settings import CassandraSettings
from stack.jars import CONF, folder_of
from stack.ports import free_ports
from stack.settings import StackSettings

SETS = {str(task): str(task) for task in USUAL_TASKS} | {"all": ",".join(USUAL_TASKS)}
FILMS = ("people_vtest.avi", "woman_dog.mp4")
WAIT_SECONDS, FLUSH_SECONDS = 600.0, 60.0
POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What one analysis of so many frames took: seconds, CPU seconds by service, bytes by store."""

    frames: int
    seconds: float
    cpu: dict[str, float]
    stored: dict[str, int]

    def a_frame(self) -> dict[str, float]:
        """CPU milliseconds and bytes of one frame."""
        milliseconds = {f"{name}_ms": spent / self.frames * 1000 for name, spent in self.cpu.items()}
        return milliseconds | {name: size / self.frames for name, size in self.stored.items()}


class Costs:
    """Measures films on a running stack."""

    def __init__(self, settings: StackSettings, jmx: str) -> None:
        self._settings, self._roots, self._jmx = settings, roots(settings), jmx
        self._keyspace = CassandraSettings().keyspace
        # Tables that are written anew between two looks would count as less than nothing.
        self._tool("disableautocompaction", self._keyspace)
        self._client = httpx.Client(base_url=settings.api_url, timeout=120, trust_env=False)

    def measure(self, film: Path, tasks: str) -> Cost:
        """Analyse every frame of a film; raises RuntimeError when it does not complete."""
        before, began = self._bytes(), time.perf_counter()
        with Usage(self._roots) as usage, film.open("rb") as file:
            form = {"modelsToRun": tasks, "frameStep": "1"}
            answer = self._client.post("/analysis/upload", data=form, files={"file": (film.name, file)})
            frames = self._completed(answer.raise_for_status().json()["status_url"])
            seconds = time.perf_counter() - began
        self._tool("flush")
        stored = {name: size - before[name] for name, size in self._bytes().items()}
        return Cost(frames, seconds, usage.cpu_seconds(), stored)

    def _completed(self, path: str) -> int:
        until = time.monotonic() + WAIT_SECONDS
        while (shown := self._client.get(path).raise_for_status().json())["status"] in ("pending", "processing"):
            if time.monotonic() > until:
                raise RuntimeError(f"not completed within {WAIT_SECONDS:.0f} s: {shown}")
            time.sleep(POLL_SECONDS)
        if shown["status"] != "completed" or shown["frames"]["failed"]:
            raise RuntimeError(f"not completed: {shown}")
        return int(shown["frames"]["done"])

    def _bytes(self) -> dict[str, int]:
        data = self._settings.data_dir
        return {
            "jpeg_bytes": _size(self._settings.frames_dir.rglob("*.jpg")),
            "frames_topic_bytes": _size((data / "kafka").rglob("frames-[0-9]*/*.log")),
            "results_topic_bytes": _size((data / "kafka").rglob("results-[0-9]*/*.log")),
            "cassandra_bytes": _size((data / "cassandra" / "data" / self._keyspace).rglob("*.db")),
        }

    def _tool(self, *words: str) -> None:
        jars = folder_of(self._settings, "cassandra")
        options = f"@{CONF / 'cassandra-jvm.options'}"
        _run("java", options, "-cp", f"{jars}/*", "org.apache.cassandra.tools.NodeTool", "-p", self._jmx, *words)


@contextmanager
def managed(pid: int) -> Iterator[str]:
    """The port at which Cassandra's own tool may ask the process meanwhile."""
    port = str(free_ports(1)[0])
    told = [f"jmxremote.{word}" for word in (f"port={port}", "authenticate=false", "ssl=false", "host=127.0.0.1")]
    _run("jcmd", str(pid), "ManagementAgent.start", *told)
    try:
        yield port
    finally:
        _run("jcmd", str(pid), "ManagementAgent.stop")


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, timeout=FLUSH_SECONDS)


def _size(files: Iterator[Path]) -> int:
    total = 0
    for file in files:
        with suppress(FileNotFoundError):  # a table that was written anew meanwhile
            total += file.stat().st_size
    return total


def main() -> int:
    """Measure and print: a line a round, then medians as they stand in `measured.toml`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.costs")
    mirror = Path(os.environ.get("FRAMEWISE_MIRROR") or ".") / "media" / "video"
    parser.add_argument("--films", type=Path, nargs="+", default=[mirror / name for name in FILMS])
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if shutil.which("jcmd") is None:
        parser.error("jcmd is not there: it comes with a JDK, such as openjdk-17-jdk-headless")
    with running(os.cpu_count() or 1) as settings, managed(roots(settings)["cassandra"]) as jmx:
        costs = Costs(settings, jmx)
        costs.measure(options.films[-1], SETS["all"])
        for film in options.films:
            for name in options.sets:
                found = [costs.measure(film, SETS[name]) for _ in range(options.rounds)]
                _print(film, name, found)
    return 0


def _print(film: Path, name: str, found: list[Cost]) -> None:
    print(f'\n["{film.stem}".{name}]  # {found[0].frames} frames, {len(found)} rounds')
    rates = sorted(cost.frames / cost.seconds for cost in found)
    print(f"frames_a_second = {statistics.median(rates):.1f}  # {rates[0]:.1f}–{rates[-1]:.1f}")
    for key in found[0].a_frame():
        values = sorted(cost.a_frame()[key] for cost in found)
        print(f"{key} = {statistics.median(values):.2f}  # {values[0]:.2f}–{values[-1]:.2f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
