"""Owns the loop that a newcomer writes: cv2.VideoCapture, one process; OpenCV and the models on all cores.

It reads and scales by OpenCV's own code. Every frame goes through a JPEG, as for everybody.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2

from benchmarks.yardstick.contender import Course
from benchmarks.yardstick.findings import Found, findings, key
from benchmarks.yardstick.frames import frame_of, warmed
from pipeline.contracts.settings import IngestSettings


class OpenCvLoop:
    """Read, scale, encode, analyse, next."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._found: Found = {}

    def prepare(self) -> None:
        self._analyzer = warmed(self._course.work.tasks, self._course.work.warm_clip, self._course.cores)
        cv2.setNumThreads(self._course.cores)

    def processes(self) -> Mapping[str, list[int]]:
        return {}

    def run(self) -> None:
        for index, path in enumerate(self._course.work.clips):
            for number, jpeg in _jpegs(path):
                (results,) = self._analyzer.analyze([frame_of(index, number, jpeg, self._course.work.tasks)])
                self._found[key(index, number)] = findings(results)

    def found(self) -> Found:
        return self._found

    def close(self) -> None:
        return None


contender = OpenCvLoop


def _jpegs(path: Path) -> Iterator[tuple[int, bytes]]:
    """Each frame's number and JPEG, of the usual height and quality."""
    settings = IngestSettings()
    video = cv2.VideoCapture(str(path))
    number = 0
    while True:
        there, image = video.read()
        if not there:
            return
        number += 1
        height, width = image.shape[:2]
        if height > settings.frame_height:
            wanted = (2 * round(width * settings.frame_height / height / 2), settings.frame_height)
            image = cv2.resize(image, wanted)
        done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, settings.jpeg_quality])
        assert done
        yield number, data.tobytes()
