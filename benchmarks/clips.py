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
                packet.time_base = Fraction(1) / stream.average_rate
                packet.stream = copy
                out.mux(packet)
                frames += 1
    return frames
