"""Owns the frames that are measured: clips as ingest publishes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2

QUALITY = 85


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip of `media/video`: every `step`-th frame, at most `height` rows high, or scaled up to them."""

    name: str
    file: str
    height: int = 720
    step: int = 3
    enlarged: bool = False


CLIPS = (
    Clip("people, 768×576", "people_vtest.avi", step=16),
    Clip("faces, 640×480", "friday_bw_3women.mp4"),
    Clip("720p", "woman_dog.mp4", step=6),
    Clip("1080p, enlarged", "woman_dog.mp4", height=1080, step=6, enlarged=True),
)


def jpegs(clip: Clip, mirror: Path, count: int) -> list[bytes]:
    """The first `count` of its frames."""
    return [data for data, _ in zip(_encoded(mirror / "media" / "video" / clip.file, clip), range(count), strict=False)]


def _encoded(path: Path, clip: Clip) -> Iterator[bytes]:
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number % clip.step == 0:
                image: Any = frame.to_ndarray(format="bgr24")
                if image.shape[0] > clip.height or clip.enlarged:
                    size = (round(image.shape[1] * clip.height / image.shape[0]), clip.height)
                    image = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR if clip.enlarged else cv2.INTER_AREA)
                yield cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
