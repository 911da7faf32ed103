"""Owns how the frame numbers of one bucket are packed into bits."""

from collections.abc import Iterable

import numpy as np

from pipeline.contracts.frames import BUCKET_FRAMES, bucket_of


def pack(bucket: int, frame_numbers: Iterable[int]) -> bytes:
    """A bit a frame number, the bucket's first in the highest bit of the first byte; ValueError for another's."""
    bits = np.zeros(BUCKET_FRAMES, dtype=np.uint8)
    first = bucket * BUCKET_FRAMES + 1
    for number in frame_numbers:
        if bucket_of(number) != bucket:
            raise ValueError(f"frame {number} is not in bucket {bucket}")
        bits[number - first] = 1
    return np.packbits(bits).tobytes()


def unpack(bucket: int, packed: bytes) -> tuple[int, ...]:
    """The frame numbers, ascending."""
    bits = np.unpackbits(np.frombuffer(packed, dtype=np.uint8))[:BUCKET_FRAMES]
    first = bucket * BUCKET_FRAMES + 1
    return tuple(int(i) + first for i in np.flatnonzero(bits))
