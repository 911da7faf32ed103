"""Owns the process that encodes: `python -m api.clips.encoder REQUEST PARENT`, pictures on stdin, H.264 in a file.

The service starts it and never imports it: no codec runs beside requests.
"""

import sys
from fractions import Fraction

import av
import av.logging
import cv2
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream

from api.annotate import drawn_on
from api.clips.limits import confine
from api.clips.messages import REQUEST, ClipRequest, PictureHead, read_picture
from pipeline.contracts.errors import FrameUnreadable
from pipeline.pictures import Image, decode

TICKS = 90_000
"""A second, as MPEG has it."""
KEY_SECONDS = 2.0
OPTIONS = {"preset": "veryfast", "crf": "23"}
CONTAINER: dict[str, dict[str, str]] = {"mp4": {"movflags": "+faststart"}, "mpegts": {"mpegts_copyts": "1"}}
HIGH_DEFINITION = 720
BT709, BT601 = 1, 6


def main(request_json: str, parent: str) -> int:
    """Encode what comes until the pipe ends; 1 when no picture could be read."""
    request = REQUEST.validate_json(request_json)
    confine(request, int(parent))
    cv2.setNumThreads(1)
    av.logging.set_level(None)  # a thread that logs would wait for Python, which waits for it in freeing a decoder
    with av.open(request.path, "w", format=request.container, options=CONTAINER[request.container]) as container:
        clip = Clip(container, request)
        while (picture := read_picture(sys.stdin.buffer)) is not None:
            try:
                clip.add(picture[0], drawn_on(decode(picture[1]), picture[0].rows, picture[0].hidden))
            except FrameUnreadable:
                continue  # a damaged picture leaves its time to the one before
        clip.finish()
    return 0 if clip.pictures else 1


class Clip:
    """One video stream of pictures at their own times; all as large as the first."""

    def __init__(self, container: OutputContainer, request: ClipRequest) -> None:
        self._container = container
        self._rate = request.rate
        self._stream: VideoStream | None = None
        self._durations: dict[int, int] = {}
        self._last = -1
        self.pictures = 0

    def add(self, head: PictureHead, image: Image) -> None:
        """Show a picture from its time on; one that is not later than the one before comes a tick after it."""
        stream = self._stream = self._stream or self._begin(image)
        frame = _yuv(image, stream.width, stream.height)
        frame.pts = self._last = max(round(head.at * TICKS), self._last + 1)
        frame.time_base = Fraction(1, TICKS)
        self._durations[frame.pts] = max(1, round(head.seconds * TICKS))
        self.pictures += 1
        self._write(stream, frame)

    def finish(self) -> None:
        """Write what the encoder still holds."""
        if self._stream is not None:
            self._write(self._stream, None)

    def _begin(self, image: Image) -> VideoStream:
        height, width = image.shape[:2]
        rate = Fraction(self._rate).limit_denominator(1000) or Fraction(1)
        stream = self._container.add_stream("libx264", rate=rate, options=OPTIONS)
        stream.width, stream.height = max(2, width // 2 * 2), max(2, height // 2 * 2)
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = stream.time_base = Fraction(1, TICKS)
        context.max_b_frames = 0
        context.gop_size = max(1, round(KEY_SECONDS * self._rate))
        context.thread_count = 1
        context.colorspace = context.color_primaries = context.color_trc = _colours(stream.height)
        context.color_range = ColorRange.MPEG
        return stream

    def _write(self, stream: VideoStream, frame: VideoFrame | None) -> None:
        for packet in stream.encode(frame):
            if packet.pts is not None:
                packet.duration = self._durations.pop(packet.pts, 1)
            self._container.mux(packet)


def _yuv(image: Image, width: int, height: int) -> VideoFrame:
    space = Colorspace.ITU709 if height >= HIGH_DEFINITION else Colorspace.ITU601
    frame = VideoFrame.from_ndarray(image, format="bgr24")
    return frame.reformat(width, height, "yuv420p", dst_colorspace=space, dst_color_range=ColorRange.MPEG)


def _colours(height: int) -> int:
    return BT709 if height >= HIGH_DEFINITION else BT601


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
