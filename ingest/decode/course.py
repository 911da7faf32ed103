"""Owns which packets are decoded so that the wanted frames come out. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ingest.decode.index import PacketIndex

LEAVE, HELP, SHOW = 0, 1, 2
"""What becomes of a packet: it is not decoded; others refer to its frame; its frame is wanted."""


@dataclass(frozen=True, slots=True)
class Course:
    """What becomes of each packet in order of decoding, up to the last one that matters.

    `jumps` are the positions that follow on something left out; `numbers` has the frame number of each wanted time.
    """

    packets: bytes
    jumps: frozenset[int]
    numbers: dict[int, int]


def course(index: PacketIndex, wanted: Iterable[int]) -> Course:
    """The course to the frames of these numbers (1-based, ascending)."""
    numbers = list(wanted)
    shown = index.shown()
    positions = [int(shown[number - 1]) for number in numbers]
    pts, starts = index.pts.tolist(), index.starts.tolist()
    stretches = list(_joined(sorted((_start(pts, starts, position), position) for position in positions)))
    packets = bytearray(max(positions, default=-1) + 1)
    for first, last in stretches:
        packets[first : last + 1] = bytes([HELP]) * (last + 1 - first)
    for position in positions:
        packets[position] = SHOW
    times = {pts[position]: number for position, number in zip(positions, numbers, strict=True)}
    return Course(bytes(packets), frozenset(first for first, _ in stretches[1:]), times)


def _start(pts: list[int], starts: list[int], position: int) -> int:
    """The last start before a frame that is shown no later than it: what is shown before a start may refer back."""
    place = bisect_right(starts, position) - 1
    while pts[starts[place]] > pts[position]:
        place -= 1
    return starts[place]


def _joined(stretches: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Stretches (first and last position, ascending) without overlaps or neighbours."""
    first, last = stretches[0] if stretches else (0, -1)
    for begin, end in stretches[1:]:
        if begin > last + 1:
            yield first, last
            first = begin
        last = max(last, end)
    if stretches:
        yield first, last
