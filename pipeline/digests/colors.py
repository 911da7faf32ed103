"""Owns how the many colours of a video become few: each counts for the nearest of 216 on an even grid."""

import re

STEP = 0x33
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


def cell_of(color: str) -> str:
    """The colour of the grid that stands for `#rrggbb`: each channel is rounded to a multiple of 0x33.

    What is no colour comes back as it is.
    """
    if not _COLOR.fullmatch(color):
        return color
    return "#" + "".join(f"{_nearest(int(color[at : at + 2], 16)):02x}" for at in (1, 3, 5))


def _nearest(channel: int) -> int:
    return (channel + STEP // 2) // STEP * STEP
