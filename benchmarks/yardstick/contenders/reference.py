"""Owns what is right: one process, one frame after the other, no hurry. Others are held against it, nobody times it."""

from collections.abc import Mapping

from benchmarks.yardstick.contender import Course
from benchmarks.yardstick.findings import Found, findings, key
from benchmarks.yardstick.frames import frame_of, sampled, warmed


class Reference:
    """Decode, encode, analyse, next."""

    def __init__(self, course: Course) -> None:
        self._work = course.work
        self._found: Found = {}

    def prepare(self) -> None:
        self._analyzer = warmed(self._work.tasks, self._work.warm_clip)

    def processes(self) -> Mapping[str, list[int]]:
        return {}

    def run(self) -> None:
        for index, path in enumerate(self._work.clips):
            for one in sampled(path):
                (results,) = self._analyzer.analyze([frame_of(index, one.frame_number, one.jpeg, self._work.tasks)])
                self._found[key(index, one.frame_number)] = findings(results)

    def found(self) -> Found:
        return self._found

    def close(self) -> None:
        return None


contender = Reference
