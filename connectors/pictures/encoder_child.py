"""Owns the process that decodes pictures which are no small JPEGs: pictures on stdin, JPEGs on stdout, under limits.

Both ways a length (4 bytes, big endian) and the bytes; before a picture also the most bytes that its JPEG may have.
No bytes come back for a picture that cannot be decoded.
"""

import resource
import struct
import sys
from typing import BinaryIO

import cv2
import numpy as np

ASK, ANSWER = struct.Struct(">II"), struct.Struct(">I")
MEMORY_BYTES = 1 << 30
OPEN_FILES = 16
QUALITIES = (90, 80, 65)
SHRINK = 0.75
SMALLEST = 32


def serve(source: BinaryIO, pipe: BinaryIO) -> None:
    """Answer until nothing more is asked."""
    while len(head := source.read(ASK.size)) == ASK.size:
        size, most = ASK.unpack(head)
        answer = reencode(source.read(size), most)
        pipe.write(ANSWER.pack(len(answer)) + answer)
        pipe.flush()


def reencode(data: bytes, most: int) -> bytes:
    """The picture as a JPEG of at most `most` bytes, scaled down only as far as that takes; b"" if it is none."""
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return b""
    while image is not None and min(image.shape[:2]) >= SMALLEST:
        for quality in QUALITIES:
            jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
            if len(jpeg) <= most:
                return jpeg
        image = cv2.resize(image, None, fx=SHRINK, fy=SHRINK, interpolation=cv2.INTER_AREA)
    return b""


def confine() -> None:
    """Limit this process: memory, open files, no file written, no core."""
    for kind, limit in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))


if __name__ == "__main__":
    cv2.setNumThreads(1)
    confine()
    serve(sys.stdin.buffer, sys.stdout.buffer)
