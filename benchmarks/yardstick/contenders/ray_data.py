"""Owns the same work on Ray Data: a task that decodes, and a pool of actors, one a core, that hold the models.

An actor takes a CPU of its own, and so does the decoding task, so Ray is told of one more than there are: with as many
as there are, no decoding begins while the actors live. Blocks are small, so that a long video streams.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import ray
from ray.data import DataContext

from benchmarks.yardstick.contender import Course
from benchmarks.yardstick.crew import START_SECONDS, children
from benchmarks.yardstick.findings import Found, findings, key
from benchmarks.yardstick.frames import CHUNK, chunks, frame_of, sampled, warmed
from pipeline.contracts.results import TaskName

BLOCK_BYTES = 2 * 2**20
OBJECT_STORE_BYTES = 2**30
PAUSE = 0.02


class RayData:
    """The pipeline runs from `prepare` on; its decoding task waits for a file, which `run` writes."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._gate = course.folder / "go"
        self._found: Found = {}
        self._failed: BaseException | None = None
        self._consumer = threading.Thread(target=self._consume, name="consume", daemon=True)

    def prepare(self) -> None:
        ray.init(
            num_cpus=self._course.cores + 1,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
            log_to_driver=False,
            _temp_dir=str(self._course.folder / "ray"),
        )
        context = DataContext.get_current()
        context.target_max_block_size = BLOCK_BYTES
        context.enable_progress_bars = False
        self._consumer.start()
        until = time.monotonic() + START_SECONDS
        while len(list(self._course.folder.glob("up-*"))) < self._course.cores:
            self._check()
            if time.monotonic() > until:
                raise TimeoutError("Ray's actors did not come up")
            time.sleep(PAUSE)

    def processes(self) -> Mapping[str, list[int]]:
        actors = [int(path.name.removeprefix("up-")) for path in self._course.folder.glob("up-*")]
        return children(lambda process: "worker" if process.pid in actors else _role(process.name()))

    def run(self) -> None:
        self._gate.touch()
        self._consumer.join()
        self._check()

    def found(self) -> Found:
        return self._found

    def close(self) -> None:
        ray.shutdown()

    def _consume(self) -> None:
        try:
            clips = [{"clip": index, "path": str(path)} for index, path in enumerate(self._course.work.clips)]
            gate, folder, tasks = str(self._gate), str(self._course.folder), list(self._course.work.tasks)
            results = (
                ray.data.from_items(clips, override_num_blocks=len(clips))
                .map_batches(_decode, fn_args=(gate,), batch_size=1, num_cpus=1)
                .map_batches(
                    Analyst,
                    fn_constructor_args=(tasks, str(self._course.work.warm_clip), folder),
                    batch_size=CHUNK,
                    compute=ray.data.ActorPoolStrategy(size=self._course.cores),
                    num_cpus=1,
                )
            )
            for row in results.iter_rows():
                self._found[row["key"]] = [(task, label, c) for task, label, c in json.loads(row["findings"])]
        except BaseException as error:  # noqa: BLE001 - told where the run is waited for
            self._failed = error

    def _check(self) -> None:
        if self._failed is not None:
            raise RuntimeError("Ray's pipeline failed") from self._failed


contender = RayData


def _role(name: str) -> str:
    return "decoder" if name.startswith("ray::MapBatches(_decode)") else "ray"


def _decode(batch: dict[str, Any], gate: str) -> Iterator[dict[str, Any]]:
    """The frames of a clip, a few at a time."""
    until = time.monotonic() + START_SECONDS
    while not Path(gate).exists() and time.monotonic() < until:
        time.sleep(PAUSE)
    for clip, path in zip(batch["clip"], batch["path"], strict=True):
        for some in chunks(sampled(Path(path))):
            yield {
                "clip": [int(clip)] * len(some),
                "number": [one.frame_number for one in some],
                "jpeg": [one.jpeg for one in some],
            }


class Analyst:
    """An actor of the pool: its models are loaded once."""

    def __init__(self, tasks: list[TaskName], warm_clip: str, folder: str) -> None:
        self._tasks = tasks
        self._analyzer = warmed(tasks, Path(warm_clip))
        (Path(folder) / f"up-{psutil.Process().pid}").touch()

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """What is found in some frames."""
        places = [(int(clip), int(number)) for clip, number in zip(batch["clip"], batch["number"], strict=True)]
        frames = [frame_of(*place, bytes(jpeg), self._tasks) for place, jpeg in zip(places, batch["jpeg"], strict=True)]
        said = [json.dumps(findings(results)) for results in self._analyzer.analyze(frames)]
        return {"key": [key(*place) for place in places], "findings": said}
