"""Owns what is written down of the machine, the versions and the commit of a run."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from pipeline.contracts.settings import ROOT

PACKAGES = (
    "onnxruntime",
    "tensorflow-cpu",
    "opencv-python-headless",
    "av",
    "numpy",
    "pyspark",
    "pyarrow",
    "ray",
    "confluent-kafka",
    "kafka-python",
    "cassandra-driver",
)


def machine() -> dict[str, str]:
    """What the run ran on."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": f"Python {platform.python_version()}",
        "commit": _commit(),
    }


def versions() -> dict[str, str]:
    """Of the libraries that do the work."""
    return {name: found for name in PACKAGES if (found := _version(name))}


def load() -> float:
    """The load average of the last minute."""
    return round(os.getloadavg()[0], 2)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _commit() -> str:
    """The short name of the commit; with a plus when the tree has changes."""
    try:
        name = _git("rev-parse", "--short", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return ""
    return name + ("+" if changed else "")


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
