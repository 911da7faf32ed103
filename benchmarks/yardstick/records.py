"""Owns the results file: a line of JSON a run, added when the run has ended, so that a measurement can go on."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Record:
    """One run. `work` names its frames too; `cpu` is seconds by what processes do; `load` is that before it.

    `unequal` is the number of frames in which something else was found than has to be; `example` is one of them.
    """

    work: str
    contender: str
    round: int
    frames: int
    seconds: float
    unequal: int
    example: str
    cpu: dict[str, float]
    load: float
    at: str
    cores: int
    machine: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Frames a second."""
        return self.frames / self.seconds

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds a frame, of all processes."""
        return sum(self.cpu.values()) / self.frames * 1000


class Records:
    """The file. What belongs to another commit or machine goes into another file, which the user names."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> list[Record]:
        """Every run so far; of one that was made twice, the last."""
        if not self._path.exists():
            return []
        lines = self._path.read_text(encoding="utf-8").splitlines()
        rows: Iterable[dict[str, Any]] = (json.loads(line) for line in lines if line.strip())
        found = {(r.work, r.contender, r.round): r for r in (Record(**row) for row in rows)}
        return list(found.values())

    def has(self, work: str, contender: str, number: int) -> bool:
        """Whether this run was made."""
        return any((r.work, r.contender, r.round) == (work, contender, number) for r in self.all())

    def add(self, record: Record) -> None:
        """One run more; the file is whole at every moment."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        before = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
        part = self._path.with_suffix(".part")
        part.write_text(before + json.dumps(asdict(record)) + "\n", encoding="utf-8")
        part.replace(self._path)
