"""Owns looking at a cluster's executors: Python, the packages that workers need, our code, and whom they reach."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pyspark.sql import SparkSession

from pipeline.contracts.errors import ClusterError

NEEDED = (
    "cassandra-driver",
    "fsspec",
    "httpx",
    "kafka-python",
    "numpy",
    "onnxruntime",
    "onnxruntime-gpu",
    "opencv-python-headless",
    "opentelemetry-sdk",
    "pandas",
    "prometheus-client",
    "psutil",
    "pyarrow",
    "pydantic",
    "pydantic-settings",
    "pyspark",
    "python-json-logger",
    "s3fs",
    "tensorflow",
    "tensorflow-cpu",
)
"""What workers import. Of these, those that this process has are asked for, in its versions."""
HELD_SECONDS = 0.3
"""So long each look takes, lest one executor take another's."""
CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Look:
    """What one executor has: versions by package, and what does not work there."""

    host: str
    python: str
    versions: dict[str, str | None] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def check(spark: SparkSession, cores: int, reach: Sequence[str]) -> None:
    """Look at every executor; raises ClusterError that names, a host a line, all that is missing."""
    wanted = own_versions()
    try:
        looks = (
            spark.sparkContext.parallelize(range(cores), cores).mapPartitions(_looking(list(wanted), reach)).collect()
        )
    except Exception as e:
        raise ClusterError(f"the executors cannot run Python: {_reason(e)}; see FRAMEWISE_SPARK_PYTHON") from e
    if problems := sorted({problem for look in looks for problem in problems_of(Look(**look), wanted)}):
        raise ClusterError("the executors lack something:\n" + "\n".join(f"  {problem}" for problem in problems))


def own_versions() -> dict[str, str]:
    """The packages that workers need, in the versions that are installed here."""
    found = {}
    for name in NEEDED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def problems_of(look: Look, wanted: dict[str, str]) -> Iterator[str]:
    """What is wrong with an executor, in words, as its host says it."""
    own = ".".join(map(str, sys.version_info[:2]))
    if not look.python.startswith(own + "."):
        yield f"{look.host}: Python {look.python}, {own} is needed"
    if missing := [f"{name}=={wanted[name]}" for name, there in look.versions.items() if there is None]:
        yield f"{look.host}: not installed: {', '.join(missing)} (requirements/cpu.lock)"
    others = [
        f"{name} {there}, not {wanted[name]}"
        for name, there in look.versions.items()
        if there and there != wanted[name]
    ]
    if others:
        yield f"{look.host}: other versions: {', '.join(others)} (requirements/cpu.lock)"
    yield from (f"{look.host}: {problem}" for problem in look.problems)


def _looking(names: list[str], reach: Sequence[str]) -> Callable[[Iterable[int]], Iterator[dict[str, Any]]]:
    """The look, as it travels: by value, and with the standard library alone, since the rest may be missing."""
    held, patience, servers = HELD_SECONDS, CONNECT_SECONDS, tuple(reach)

    def look(_: Iterable[int]) -> Iterator[dict[str, Any]]:
        import importlib
        import importlib.metadata
        import platform
        import socket
        import time

        versions: dict[str, str | None] = {}
        for name in names:
            try:
                versions[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                versions[name] = None
        problems = []
        if None not in versions.values():
            try:
                importlib.import_module("spark_jobs.process")
            except Exception as e:  # noqa: BLE001 - whatever it is, it is said
                problems.append(f"our own code cannot be imported: {type(e).__name__}: {e}")
        for server in servers:
            host, port = server.rsplit(":", 1)
            try:
                socket.create_connection((host.strip("[]"), int(port)), patience).close()
            except OSError as e:
                problems.append(f"{server} is not reached: {e}")
        time.sleep(held)
        yield {
            "host": socket.gethostname(),
            "python": platform.python_version(),
            "versions": versions,
            "problems": tuple(problems),
        }

    return look


def _reason(error: Exception) -> str:
    """The line that says why, out of two stack traces."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if "Cannot run program" in line or "Error:" in line or "VERSION_MISMATCH" in line]
    return (telling or lines or [type(error).__name__])[-1][:300]
