"""Owns how many feeds a worker holds: frames come at their times, whoever is late is analysed with those who wait."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from inference.analyzer import Analyzer
from pipeline.contracts.frames import Frame

P50_GOAL, P95_GOAL = 0.5, 0.9
"""Seconds from capture to result. What is around the models takes a part of it: see docs/benchmarks.md on streams."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """Seconds from a frame's time to its results."""

    p50: float
    p95: float

    @property
    def holds(self) -> bool:
        """Whether that is in time."""
        return self.p50 <= P50_GOAL and self.p95 <= P95_GOAL


def lateness(
    analyze: Callable[[Sequence[Frame]], object],
    frames: Sequence[Frame],
    feeds: int,
    fps: float,
    seconds: float,
    together: int,
) -> Lateness:
    """Of `feeds` feeds whose frames come evenly; at most `together` that wait are analysed at the same time."""
    due = [number / (feeds * fps) for number in range(max(1, round(seconds * feeds * fps)))]
    spent: list[float] = []
    began = time.perf_counter()
    while len(spent) < len(due):
        now = time.perf_counter() - began
        if due[len(spent)] > now:
            time.sleep(due[len(spent)] - now)
            continue
        waiting = due[len(spent) : len(spent) + together]
        come = [at for at in waiting if at <= now]
        analyze([frames[(len(spent) + i) % len(frames)] for i in range(len(come))])
        done = time.perf_counter() - began
        spent += [done - at for at in come]
        if done > due[-1] + 4 * P95_GOAL:
            return Lateness(done, done)  # it has fallen behind for good
    cuts = statistics.quantiles(spent, n=20) if len(spent) > 1 else [spent[0]] * 19
    return Lateness(cuts[9], cuts[18])


def held(
    analyzer: Analyzer, frames: Sequence[Frame], fps: float, seconds: float, together: int
) -> tuple[int, Lateness]:
    """The most feeds that are in time, and how late those are; 0 when one is already too many."""
    best, known = 0, Lateness(0.0, 0.0)
    for feeds in _tries():
        late = lateness(analyzer.analyze, frames, feeds, fps, seconds, together)
        print(f"  {feeds} feeds: p50 {late.p50:.2f} s, p95 {late.p95:.2f} s", flush=True)
        if not late.holds:
            break
        best, known = feeds, late
    return best, known


def _tries() -> Iterator[int]:
    """1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, …: about a fifth to a third more each time."""
    yield from (1, 2, 3)
    step = 1
    while step < 2**10:
        yield from (4 * step, 5 * step, 6 * step)
        step *= 2
