"""Owns the works: which tasks on which clips, and how many frames each has."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.yardstick.footage import Footage
from pipeline.contracts.results import USUAL_TASKS, TaskName

HEIGHTS = {"1080p": 1080, "480p": 480}
SHORT_CLIPS = 40
TASKS = {"objects": (TaskName.OBJECTS,), "all": USUAL_TASKS}
FRAMES = {("objects", "1080p"): 1200, ("objects", "480p"): 2000, ("all", "1080p"): 1200, ("all", "480p"): 1600}
"""About half a minute of work for two cores."""
WARM_SHARE = 4


@dataclass(frozen=True, slots=True)
class Work:
    """What every contender is given. `warm_clip` is for what it needs before its time is taken; nobody counts it."""

    name: str
    tasks: tuple[TaskName, ...]
    clips: tuple[Path, ...]
    frames: int
    warm_clip: Path
    warm_frames: int


def names() -> list[str]:
    """Every work, as it is called: tasks, height, and one long video or forty short ones."""
    return [f"{tasks}-{height}-{length}" for tasks in TASKS for height in HEIGHTS for length in ("long", "short")]


def work(name: str, footage: Footage, size: float = 1.0) -> Work:
    """The work of that name, its clips made; `size` times as many frames as usual."""
    tasks, height, length = name.split("-")
    wanted = max(SHORT_CLIPS, round(FRAMES[tasks, height] * size))
    count = SHORT_CLIPS if length == "short" else 1
    each = wanted // count
    lines = HEIGHTS[height]
    warm = max(16, wanted // WARM_SHARE)
    return Work(
        f"{name}-{each * count}",
        TASKS[tasks],
        tuple(footage.clip(lines, each, number, mixed=count == 1) for number in range(count)),
        each * count,
        footage.clip(lines, warm, 0, mixed=True),
        warm,
    )
