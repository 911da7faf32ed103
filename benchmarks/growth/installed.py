"""Owns the table of what an installation holds: packages, jars and weights by megabytes, and what could be left out."""

import re
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from pipeline.contracts.settings import ROOT

LOCK = ROOT / "requirements" / "cpu.lock"
"""What a service needs on a machine without GPU; tests need more."""
PINNED = re.compile(r"^([a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==", re.MULTILINE)
MIB = 2**20
LEAST_MIB = 20.0
TENSORFLOW = "emotions, and faces and objects where their ONNX weights cannot be had"
LEFT_OUT = {
    "tensorflow": TENSORFLOW,
    "tensorflow-cpu": TENSORFLOW,
    "pyspark": "the analysis; hosts of the API and of ingest alone do without it",
    "bokeh": "the charts of insights",
}
"""What is lost without a package, as far as it can be left out."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something that takes room."""

    name: str
    bytes: int
    loss: str = ""


def packages(prefix: Path) -> list[Part]:
    """Every installed package of a virtual environment."""
    needed, found = set(PINNED.findall(LOCK.read_text())), []
    for one in distributions(path=[str(p) for p in prefix.glob("lib/python*/site-packages")]):
        size = sum(
            path.stat().st_size for file in one.files or () if (path := Path(str(one.locate_file(file)))).is_file()
        )
        name = str(one.metadata["Name"]).lower().replace("_", "-")
        found.append(Part(name, size, LEFT_OUT.get(name, "") if name in needed else "tests, checks and benchmarks"))
    return found


def folders(cache: Path) -> list[Part]:
    """What is in the cache: jars by server, weights by model."""
    found = [folder for kind in ("jars", "models") for folder in sorted((cache / kind).glob("*")) if folder.is_dir()]
    return [Part(f"{folder.parent.name}/{folder.name}", _size(folder)) for folder in found]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def table(prefix: Path, cache: Path) -> str:
    """Markdown: what takes more than 20 MiB, largest first, the rest in one row, and the sum."""
    parts = sorted([*packages(prefix), *folders(cache)], key=lambda part: -part.bytes)
    large = [part for part in parts if part.bytes >= LEAST_MIB * MIB]
    rest = sum(part.bytes for part in parts) - sum(part.bytes for part in large)
    rows = ["| what | MiB | without it |", "|---|---|---|"]
    rows += [f"| {part.name} | {part.bytes / MIB:,.0f} | {part.loss} |" for part in large]
    rows.append(f"| {len(parts) - len(large)} others | {rest / MIB:,.0f} | |")
    return "\n".join([*rows, f"| together | {sum(part.bytes for part in parts) / MIB:,.0f} | |"])
