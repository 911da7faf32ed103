"""Owns what follows from the runs of one work: who is valid, medians and ranges, ratios round by round."""

import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from benchmarks.yardstick.contender import CEILINGS
from benchmarks.yardstick.records import Record


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some values, and their range."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread | None":
        """Of the values; None when there is none."""
        known = list(values)
        return cls(statistics.median(known), min(known), max(known)) if known else None


@dataclass(frozen=True, slots=True)
class Standings:
    """The runs of one work: contender → round → run."""

    runs: Mapping[str, Mapping[int, Record]]

    @classmethod
    def of(cls, records: Iterable[Record]) -> "Standings":
        """Of the runs of one work."""
        runs: dict[str, dict[int, Record]] = {}
        for record in records:
            runs.setdefault(record.contender, {})[record.round] = record
        return cls(runs)

    def void(self, contender: str) -> Record | None:
        """The run in which it found something else than it had to, the worst; None when there is none."""
        wrong = [run for run in self._of(contender).values() if run.unequal]
        return max(wrong, key=lambda run: run.unequal) if wrong else None

    def rates(self, contender: str) -> Spread | None:
        """Frames a second."""
        return Spread.of(run.rate for run in self._of(contender).values())

    def cpu_ms(self, contender: str) -> Spread | None:
        """CPU milliseconds a frame."""
        return Spread.of(run.cpu_ms for run in self._of(contender).values())

    @property
    def ceiling(self) -> str | None:
        """The faster of the bare programs, by the median."""
        known = [(spread.median, name) for name in CEILINGS if (spread := self.rates(name))]
        return max(known)[1] if known else None

    def ratios(self, contender: str, other: str | None) -> Spread | None:
        """How many times the other's rate, in the rounds that both ran."""
        mine, theirs = self._of(contender), self._of(other or "")
        return Spread.of(mine[number].rate / theirs[number].rate for number in mine.keys() & theirs.keys())

    def _of(self, contender: str) -> Mapping[int, Record]:
        return self.runs.get(contender, {})


def by_work(records: Iterable[Record]) -> dict[str, Standings]:
    """The standings of each work, by its name without the number of frames."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(record.work.rpartition("-")[0], []).append(record)
    return {name: Standings.of(group) for name, group in groups.items()}


Value = Callable[[Standings, str], Spread | None]
