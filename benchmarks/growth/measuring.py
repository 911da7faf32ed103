"""Owns the measurement of points of growth: the stack that each needs, its clip, what is written down."""

import itertools
import os
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.clips import cut, looped
from benchmarks.growth.points import Point
from benchmarks.growth.records import MIB, Record
from benchmarks.many import Ended, run
from benchmarks.yardstick.machine import load, machine
from stack.settings import PREFIX, StackSettings
from stack.trial import trial

WARM_FRAMES = 100


def measured(points: Sequence[Point], video: Path) -> Iterator[Record]:
    """Each point once, with a stack for those that follow each other and have equal settings."""
    for settings, some in itertools.groupby(points, key=lambda point: point.settings):
        with tempfile.TemporaryDirectory() as name, _set(settings), trial() as own:
            warm = made(video, Path(name), WARM_FRAMES, None)
            for point in some:
                run(own.settings, warm, 1, WARM_FRAMES, ",".join(point.tasks))
                yield _measure(own.settings, point, made(video, Path(name), point.frames, point.height))


@contextmanager
def _set(settings: dict[str, int]) -> Iterator[None]:
    """These variables for the services of a stack that is started meanwhile."""
    names = {PREFIX + name: str(value) for name, value in settings.items()}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def made(video: Path, folder: Path, frames: int, height: int | None) -> Path:
    """A clip of so many frames: cut, or a part of it repeated as often as it goes into them."""
    target = folder / f"{frames}-{height or 'as-is'}.mp4"
    whole = next(n for n in range(min(frames, 790), 0, -1) if frames % n == 0)
    cut(video, part := folder / f"part-{whole}-{height}.mp4", whole, height)
    if frames == whole:
        return part
    looped(part, target, frames // whole)
    return target


def _measure(settings: StackSettings, point: Point, clip: Path) -> Record:
    before = load()
    found = run(settings, clip, point.videos, point.frames, ",".join(point.tasks))
    return Record(
        point.part,
        point.value,
        found.frames,
        round(found.seconds, 2),
        round(max(held for _, held in found.memory) / MIB),
        round(sum(found.cpu.values()) / found.frames * 1000, 1),
        round(statistics.mean(found.at_work.values()), 3),
        round(found.tail, 2),
        (_rate(found, 0), _rate(found, 3)),
        (_memory(found, 0), _memory(found, 3)),
        before,
        datetime.now(UTC).isoformat(timespec="seconds"),
        machine(),
    )


def _rate(found: Ended, quarter: int) -> float:
    """Frames a second in a quarter of the frames, in the order in which they were done; 0 where it was done at once."""
    times = [found.first, *found.done]
    first, last = quarter * len(found.done) // 4, (quarter + 1) * len(found.done) // 4
    took = times[last] - times[first]
    return round((last - first) / took, 1) if took > 0 else 0.0


def _memory(found: Ended, quarter: int) -> float:
    """MiB in a quarter of the time, the median."""
    held = [held for _, held in found.memory]
    part = held[quarter * len(held) // 4 : max(1, (quarter + 1) * len(held) // 4)] or held
    return round(statistics.median(part) / MIB)
