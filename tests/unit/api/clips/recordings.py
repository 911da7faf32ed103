"""Videos with stored frames, and what a player finds in a clip of them."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from api.services import Services
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.results import AnalyzedFrame
from pipeline.contracts.videos import Video, VideoStatus
from tests.unit.factories import a_video, analyzed, jpeg

WIDTH, HEIGHT = 160, 121
"""An odd height, which H.264 as players know it does not have."""


@dataclass(frozen=True)
class Played:
    """A picture of a clip: when it is shown (seconds), for how long, and its pixels (RGB)."""

    at: float
    seconds: float
    pixels: NDArray[np.uint8]


def grey(number: int) -> int:
    """How bright the picture of a frame is, by which it is known again."""
    return 40 + number * 7 % 180


def recorded(
    services: Services,
    times: dict[int, float],
    status: VideoStatus = VideoStatus.COMPLETED,
    kept: StoreFrames = StoreFrames.FULL,
) -> Video:
    """A video with a dog in each frame; the frames, by number, at these seconds."""
    video = replace(a_video(status=status), store_frames=kept)
    services.videos.create(video)
    store(services, video, [replace(analyzed(video.video_id, n), media_time=at) for n, at in times.items()])
    return video


def store(services: Services, video: Video, frames: Sequence[AnalyzedFrame]) -> None:
    """Outcomes and pictures of frames."""
    services.results.save(frames, {video.video_id: video.attempt_timestamp})
    for frame in frames:
        shade = grey(frame.frame_number)
        services.frames.put(video.video_id, frame.frame_number, jpeg(WIDTH, HEIGHT, (shade, shade, shade)))


def played(clip: bytes) -> list[Played]:
    """The pictures of a clip in their order."""
    with av.open(io.BytesIO(clip), mode="r") as container:
        stream = container.streams.video[0]
        base = stream.time_base or Fraction(1)
        lasts = {packet.pts: packet.duration or 0 for packet in container.demux(stream) if packet.pts is not None}
        container.seek(0, stream=None)
        return [
            Played(float(f.pts * base), float(lasts[f.pts] * base), f.to_ndarray(format="rgb24").astype(np.uint8))
            for f in container.decode(stream)
            if isinstance(f, VideoFrame) and f.pts is not None
        ]


def shade_of(picture: Played) -> int:
    """How bright a corner is, where nothing is drawn."""
    return int(picture.pixels[-8:, -8:].mean())


def has_box(picture: Played) -> bool:
    """Whether the dog's box, green along its left edge, is drawn."""
    edge = picture.pixels[HEIGHT // 2, WIDTH // 4 - 1 : WIDTH // 4 + 3].astype(int)
    return bool((edge[:, 1] - edge[:, 0]).max() > 20)
