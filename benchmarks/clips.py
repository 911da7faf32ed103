"""Owns the videos that are measured: a real clip, repeated without encoding it anew."""

from fractions import Fraction
from pathlib import Path

import av


def looped(source: Path, target: Path, times: int) -> int:
    """Write the clip `times` times one after the other; returns the number of frames."""
    frames = 0
    with av.open(str(source)) as clip, av.open(str(target), "w") as out:
        stream = clip.streams.video[0]
        assert stream.average_rate is not None
        copy = out.add_stream_from_template(stream)
        for _ in range(times):
            clip.seek(0)
            for packet in clip.demux(stream):
                if packet.size == 0:
                    continue
                packet.pts = packet.dts = frames
                packet.duration = 1
                packet.time_base = Fraction(1) / stream.average_rate
                packet.stream = copy
                out.mux(packet)
                frames += 1
    return frames


def cut(source: Path, target: Path, frames: int, height: int | None = None) -> None:
    """Write the first frames of a clip, encoded anew as H.264 and scaled to a height (pixels) if one is given.

    Without B-frames, so that it can be repeated.
    """
    with av.open(str(source)) as clip, av.open(str(target), "w") as out:
        stream = clip.streams.video[0]
        assert stream.average_rate is not None
        high = height or stream.height
        made = out.add_stream("libx264", rate=Fraction(stream.average_rate), options={"preset": "veryfast", "bf": "0"})
        made.width, made.height, made.pix_fmt = 2 * round(stream.width * high / stream.height / 2), high, "yuv420p"
        for number, frame in enumerate(clip.decode(stream)):
            if number == frames:
                break
            out.mux(made.encode(frame.reformat(made.width, made.height, "yuv420p")))
        out.mux(made.encode())
