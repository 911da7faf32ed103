"""Owns a clip in segments (HLS, RFC 8216): where each begins, and the list of them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from api.clips.footage import Moment, lasting

SEGMENT_SECONDS = 6.0
SEGMENT_FRAMES = 300
MOST_FRAMES = 100_000


@dataclass(frozen=True, slots=True)
class Segment:
    """Frames that are encoded together, and the seconds from the first of them to the first of the next segment."""

    frame_from: int
    frame_to: int
    seconds: float


def segments(moments: Sequence[Moment]) -> Iterator[Segment]:
    """The frames in parts of some seconds; the same frames are always in the same parts."""
    first, last, count, seconds = moments[0], moments[0], 0, 0.0
    for moment, lasts in lasting(moments):
        if count and (seconds >= SEGMENT_SECONDS or count >= SEGMENT_FRAMES):
            yield Segment(first.frame_number, last.frame_number, seconds)
            first, count, seconds = moment, 0, 0.0
        last, count, seconds = moment, count + 1, seconds + lasts
    yield Segment(first.frame_number, last.frame_number, seconds)


def playlist(found: Sequence[Segment], ended: bool, params: dict[str, str]) -> str:
    """The list; of a video that goes on it grows, and the last segment is left out until it is whole."""
    shown = found if ended else found[:-1]
    longest = max((segment.seconds for segment in shown), default=SEGMENT_SECONDS)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:6",
        f"#EXT-X-TARGETDURATION:{math.ceil(longest)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        f"#EXT-X-PLAYLIST-TYPE:{'VOD' if ended else 'EVENT'}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    for segment in shown:
        query = urlencode({"frame_from": segment.frame_from, "frame_to": segment.frame_to, **params})
        lines += [f"#EXTINF:{segment.seconds:.6f},", f"clip/segment.ts?{query}"]
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if ended else [])]) + "\n"
