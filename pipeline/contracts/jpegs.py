"""Owns what a JPEG says of itself, without its pixels."""

from pipeline.contracts.errors import FrameUnreadable

_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})


def jpeg_size(data: bytes) -> tuple[int, int]:
    """(width, height) as the frame header of a JPEG says (ITU-T T.81, B.2.2), without decoding it.

    Raises FrameUnreadable when there is none.
    """
    if data[:2] != b"\xff\xd8":
        raise FrameUnreadable("the frame is not a JPEG: it does not begin with FF D8")
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker in _FRAME_MARKERS:
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        at += _step(marker, data, at)
    raise FrameUnreadable("the JPEG has no frame header: it is cut off or damaged")


def _step(marker: int, data: bytes, at: int) -> int:
    """How far the next marker is."""
    if marker == 0xFF:
        return 1
    return 2 if marker in _STANDALONE else 2 + int.from_bytes(data[at + 2 : at + 4])
