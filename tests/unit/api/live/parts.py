"""Reads multipart/x-mixed-replace as a browser does."""

from dataclasses import dataclass

from api.live.stream import BOUNDARY


@dataclass(frozen=True)
class Part:
    """One picture."""

    frame_number: int
    media_time: float
    jpeg: bytes


def parts_of(body: bytes) -> list[Part]:
    """The pictures that are there whole."""
    found = []
    for piece in body.split(f"--{BOUNDARY}".encode())[1:]:
        head, _, rest = piece.lstrip(b"\r\n").partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if ": " in line)
        if "Content-Length" in fields and len(rest) >= (size := int(fields["Content-Length"])):
            found.append(Part(int(fields["X-Frame-Number"]), float(fields["X-Media-Time"]), rest[:size]))
    return found
