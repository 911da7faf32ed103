"""Owns the clips: real footage, cut to 16:9 and encoded once in the wanted size, kept in a cache."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from pipeline.contracts.settings import PathSettings
from stack.sample import sample

Image = NDArray[np.uint8]
RATE = 25
KEY_FRAMES = 2 * RATE
SHOWN = (
    "woman_dog.mp4",
    "people_vtest.avi",
    "face-demographics-walking-and-pause_fromgif.mp4",
    "cars_topdown.mp4",
    "friday_bw_3women.mp4",
    "coffee_blue_cup.mp4",
    "person-bicycle-car-detection_fromgif.mp4",
    "bottles.mp4",
    "head-pose-face-detection-male_fromgif.mp4",
    "worker-zone-detection_fromgif.mp4",
)
"""People, faces, traffic, things: pictures with nothing, with one and with a dozen findings."""


@dataclass(frozen=True, slots=True)
class Footage:
    """Clips out of `sources`, made when they are first asked for, in `folder`."""

    folder: Path
    sources: tuple[Path, ...]

    @classmethod
    def of(cls, paths: PathSettings) -> "Footage":
        """From the mirror's videos; without a mirror from the one sample of the demo."""
        found = () if paths.mirror is None else tuple(paths.mirror / "media" / "video" / name for name in SHOWN)
        there = tuple(path for path in found if path.is_file())
        folder = paths.data_dir / "bench" / ("clips" if there else "sample-clips")
        return cls(folder, there or (sample(paths.data_dir / "cache"),))

    def clip(self, lines: int, frames: int, number: int, *, mixed: bool) -> Path:
        """A clip of so many lines and frames: a part of every source, or of one, another for each `number`."""
        path = self.folder / f"{lines}p-{frames}-{'mixed' if mixed else number}.mp4"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part.mp4")
            _encode(self._mixed(frames) if mixed else self._single(frames, number), lines, part)
            part.replace(path)
        return path

    def _mixed(self, frames: int) -> Iterator[Image]:
        each, more = divmod(frames, len(self.sources))
        for index, source in enumerate(self.sources):
            yield from _pictures(source, 0, each + (index < more))

    def _single(self, frames: int, number: int) -> Iterator[Image]:
        turn, index = divmod(number, len(self.sources))
        return _pictures(self.sources[index], turn * frames, frames)


def _pictures(source: Path, skipped: int, count: int) -> Iterator[Image]:
    """So many pictures [height, width, 3] from a place in the source, from its start again after its end."""
    seen = 0
    while seen < skipped + count:
        with av.open(str(source)) as container:
            for frame in container.decode(video=0):
                seen += 1
                if seen > skipped + count:
                    return
                if seen > skipped:
                    yield _wide(frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False))


def _wide(image: Image) -> Image:
    """The middle of a picture, as high as 16:9 allows."""
    height = min(image.shape[0], image.shape[1] * 9 // 16)
    top = (image.shape[0] - height) // 2
    return np.ascontiguousarray(image[top : top + height])


def _encode(pictures: Iterator[Image], lines: int, path: Path) -> None:
    width = 2 * round(lines * 8 / 9)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "21"})
        stream.width, stream.height, stream.pix_fmt = width, lines, "yuv420p"
        stream.codec_context.gop_size = KEY_FRAMES
        # Said, so that no decoder has to guess: OpenCV always takes BT.601.
        stream.codec_context.colorspace, stream.codec_context.color_range = Colorspace.ITU601, ColorRange.MPEG
        for number, picture in enumerate(pictures):
            frame = VideoFrame.from_ndarray(picture, format="rgb24").reformat(
                width, lines, "yuv420p", dst_colorspace=Colorspace.ITU601, dst_color_range=ColorRange.MPEG
            )
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
