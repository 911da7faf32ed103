"""Owns the benchmark of the models: CPU milliseconds a frame by task and by stage, on one thread.

    FRAMEWISE_MIRROR=… python -m benchmarks.models [--rounds 5] [--against TREE]

With `--against`, another state of the code is measured in turn, and what both find is compared.
"""

import argparse
import contextlib
import json
import pickle
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.models.agreement import differing
from benchmarks.models.frames import CLIPS, jpegs
from benchmarks.models.measuring import STAGES
from pipeline.contracts.results import USUAL_TASKS, TaskName
from pipeline.contracts.settings import ROOT, PathSettings

MEASURING = Path(__file__).with_name("measuring.py")
TASKS = {
    "objects": (TaskName.OBJECTS,),
    "faces": (TaskName.FACES,),
    "faces, emotions": (TaskName.FACES, TaskName.EMOTIONS),
    "colours": (TaskName.COLORS,),
    "all four": USUAL_TASKS,
}


class Contender:
    """An analyzer in a process of its own."""

    def __init__(self, tree: Path, paths: PathSettings, clips: Path) -> None:
        words = [sys.executable, str(MEASURING), str(tree), str(paths.weights_dir), str(paths.mirror), str(clips)]
        self.process = subprocess.Popen(
            words, env={"PYTHONPATH": str(tree), "TF_CPP_MIN_LOG_LEVEL": "3"}, cwd=tree,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._answer()

    def ask(self, clip: str, tasks: Sequence[TaskName], how: str) -> Any:
        """What it measures, or finds."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"clip": clip, "tasks": [t.value for t in tasks], "how": how}) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with contextlib.suppress(ValueError):
                return json.loads(line)
        raise RuntimeError("the measured process has ended: see above")


def main() -> int:
    """Measure and print tables for docs/benchmarks.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.models")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=32, help="of each clip")
    parser.add_argument("--against", type=Path, help="the root of another state of the source tree")
    options = parser.parse_args()
    paths = PathSettings()
    if paths.mirror is None:
        parser.error("FRAMEWISE_MIRROR has to name a folder with the clips, under media/video/")
    with _contenders(paths, options.against, options.frames) as contenders:
        _by_task(contenders, options.rounds)
        _by_stage(contenders, options.rounds)
        apart = _agreement(contenders)
    return 1 if apart else 0


@contextlib.contextmanager
def _contenders(paths: PathSettings, against: Path | None, count: int) -> Iterator[dict[str, Contender]]:
    assert paths.mirror is not None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "clips"
        file.write_bytes(pickle.dumps({clip.name: jpegs(clip, paths.mirror, count) for clip in CLIPS}))
        trees = {"now": ROOT} | ({"before": against.resolve()} if against else {})
        made: dict[str, Contender] = {}
        try:
            for name, tree in trees.items():
                made[name] = Contender(tree, paths, file)
            yield made
        finally:
            for contender in made.values():
                contender.process.kill()
                contender.process.wait()


def _by_task(contenders: dict[str, Contender], rounds: int) -> None:
    """Each round measures each contender once, so that a slow minute is slow for all."""
    print("\nCPU ms a frame, median (lowest–highest)\n")
    print("| clip | tasks | " + " | ".join(reversed(contenders)) + " | ratio |")
    print("|---|---|" + "---|" * (len(contenders) + 1))
    for clip in CLIPS:
        for name, tasks in TASKS.items():
            spent: dict[str, list[float]] = {contender: [] for contender in contenders}
            for _ in range(rounds):
                for contender, process in contenders.items():
                    spent[contender].append(process.ask(clip.name, tasks, "time")["time"])
            shown = [f"{statistics.median(s):.1f} ({min(s):.1f}–{max(s):.1f})" for s in reversed(list(spent.values()))]
            medians = {contender: statistics.median(s) for contender, s in spent.items()}
            ratio = f"{medians['now'] / medians['before']:.2f}" if "before" in medians else ""
            print(f"| {clip.name} | {name} | {' | '.join(shown)} | {ratio} |", flush=True)


def _by_stage(contenders: dict[str, Contender], rounds: int) -> None:
    print("\nCPU ms a frame by stage, all four tasks, median\n")
    print("| clip | code | " + " | ".join(STAGES) + " | else | all |\n|---|---|" + "---|" * (len(STAGES) + 2))
    for clip in CLIPS:
        told: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, process in contenders.items():
                told[name].append(process.ask(clip.name, TASKS["all four"], "stages"))
        for name in reversed(contenders):
            stages = [statistics.median(one[stage] for one in told[name]) for stage in STAGES]
            whole = statistics.median(one["all"] for one in told[name])
            row = [*stages, max(0.0, whole - sum(stages)), whole]
            print(f"| {clip.name} | {name} | " + " | ".join(f"{value:.1f}" for value in row) + " |", flush=True)


def _agreement(contenders: dict[str, Contender]) -> int:
    """How many findings differ between the contenders."""
    if "before" not in contenders:
        return 0
    apart = count = 0
    for clip in CLIPS:
        now, before = (contenders[name].ask(clip.name, TASKS["all four"], "found") for name in ("now", "before"))
        differ, of = differing(now, before)
        apart, count = apart + differ, count + of
        print(f"{clip.name}: {differ} of {of} findings differ", flush=True)
    print(f"all: {apart} of {count} findings differ")
    return apart


if __name__ == "__main__":
    sys.exit(main())
