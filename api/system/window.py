"""Owns rates: what every process has counted between two moments."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.observing.process_counts import Counted, Counts, is_living


@dataclass(frozen=True, slots=True)
class Window:
    """Two readings, `seconds` apart. Counts only grow: what a process had counted when it ended stays in the sums."""

    seconds: float = 0.0
    before: Counts = field(default_factory=dict)
    after: Counts = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """Whether anything can be said of rates."""
        return self.seconds > 0

    def grown(self, name: str) -> Iterator[tuple[Counted, float]]:
        """By how much each count of this name has grown, process by process; what has ended is less than nothing."""
        for counted in {c for c in (*self.before, *self.after) if c.name == name}:
            yield counted, self.after.get(counted, 0.0) - self.before.get(counted, 0.0)

    def by_label(self, name: str, label: str) -> dict[str, float]:
        """By how much a count has grown in all processes together, for each value of a label that it has."""
        found: defaultdict[str, float] = defaultdict(float)
        for counted, more in self.grown(name):
            found[counted.label(label)] += more
        return {value: max(0.0, more) for value, more in found.items()}

    def by_process(self, name: str, label: str, values: frozenset[str]) -> dict[str, float]:
        """By how much a count has grown in each living process, for these values of a label together."""
        found: defaultdict[str, float] = defaultdict(float)
        for counted, more in self.grown(name):
            if is_living(counted.process) and counted.label(label) in values:
                found[counted.process] += max(0.0, more)
        return dict(found)

    def buckets(self, name: str, label: str, value: str) -> dict[float, float]:
        """Of a histogram: how many came in each bucket, by its upper end, for a value of a label."""
        found: defaultdict[float, float] = defaultdict(float)
        for counted, more in self.grown(f"{name}_bucket"):
            if counted.label(label) == value:
                found[float(counted.label("le"))] += more
        return {end: max(0.0, more) for end, more in sorted(found.items())}

    def living(self, name: str) -> dict[Counted, float]:
        """The newest values of a gauge."""
        return {counted: value for counted, value in self.after.items() if counted.name == name}


def quantile(buckets: dict[float, float], share: float) -> float | None:
    """Below which value that share (0–1) lies, evenly spread within its bucket; None of nothing.

    The last bucket has no upper end: what lies in it is said to be at its lower one.
    """
    wanted = share * sum(buckets.values())
    if wanted <= 0:
        return None
    below, start = 0.0, 0.0
    for end, count in buckets.items():
        if count and below + count >= wanted:
            return start if end == float("inf") else start + (end - start) * (wanted - below) / count
        below, start = below + count, end
    return start
