"""Owns the file of measured points, a line of JSON each, and the tables made of it."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

MIB = 2**20
COLUMNS = (
    "frames",
    "frames/s",
    "in the first, the last quarter",
    "MiB at most",
    "in the first, the last quarter",
    "CPU ms a frame",
    "workers at work",
)


@dataclass(frozen=True, slots=True)
class Record:
    """One point as measured. Seconds are from submission to the last stored result; memory is that of all processes.

    `quarters` are the frames a second, and `memory` the MiB, of the first and the last quarter of the time.
    """

    part: str
    value: int
    frames: int
    seconds: float
    peak: float
    cpu_ms: float
    at_work: float
    tail: float
    quarters: tuple[float, float]
    memory: tuple[float, float]
    load: float
    at: str
    machine: dict[str, str] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Frames a second."""
        return self.frames / self.seconds


def read(path: Path) -> list[Record]:
    """What has been measured; a point that was measured twice counts as the last time."""
    if not path.is_file():
        return []
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    found = (Record(**line | {name: tuple(line[name]) for name in ("quarters", "memory")}) for line in lines)
    return list({(record.part, record.value): record for record in found}.values())


def add(path: Path, record: Record) -> None:
    """Write one down."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(asdict(record)) + "\n")


def tables(records: Iterable[Record]) -> str:
    """A table in Markdown for each part."""
    parts: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        parts[record.part].append(record)
    return "\n\n".join(_table(part, found) for part, found in parts.items())


def _known(rate: float) -> str:
    return f"{rate:.1f}" if rate else "–"


def _table(part: str, records: list[Record]) -> str:
    rows = [f"| {part} | {' | '.join(COLUMNS)} |", "|" + "---|" * (1 + len(COLUMNS))]
    for r in sorted(records, key=lambda r: r.value):
        rows.append(
            f"| {r.value:,} | {r.frames:,} | {r.rate:.1f} | {_known(r.quarters[0])}, {_known(r.quarters[1])} "
            f"| {r.peak:,.0f} | {r.memory[0]:,.0f}, {r.memory[1]:,.0f} | {r.cpu_ms:.1f} | {r.at_work:.0%} |"
        )
    return "\n".join(rows)
