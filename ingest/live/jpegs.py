"""Owns taking multipart/x-mixed-replace apart, as cameras send JPEGs over HTTP (RFC 2046, 5.1). Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.contracts.errors import SourceUnreachable

MOST_HEAD = 1 << 14
MOST_JPEG = 16 * 2**20
START = b"\xff\xd8"


@dataclass(frozen=True, slots=True)
class Part:
    """A picture, and the time that the camera says of it, if it does: seconds of a clock of its own."""

    jpeg: bytes
    stamp: float | None


def boundary_of(content_type: str) -> bytes:
    """What stands between two parts; raises SourceUnreachable where the header says none."""
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.strip().partition("=")
        if name.lower() == "boundary" and value.strip('"'):
            text = value.strip('"').encode("latin-1", "replace")
            return b"--" + text.removeprefix(b"--")
    raise SourceUnreachable("the camera's answer does not say what stands between its pictures")


class Parts:
    """Reads parts from chunks of a body as they come."""

    def __init__(self, chunks: Iterable[bytes], boundary: bytes) -> None:
        self._chunks = iter(chunks)
        self._boundary = boundary
        self._held = bytearray()

    def __iter__(self) -> Iterator[Part]:
        """Every picture as soon as it is whole; raises SourceUnreachable for what is none, or too large."""
        while self._skip_through(self._boundary):
            head = self._until(b"\n\r\n", b"\n\n")
            if head is None:
                return
            fields = _fields(head)
            jpeg = self._body(fields.get(b"content-length", b""))
            if jpeg is None:
                return
            if jpeg.startswith(START):
                yield Part(jpeg, _stamp(fields.get(b"x-timestamp", b"")))

    def _more(self) -> bool:
        if len(self._held) > MOST_JPEG:
            raise SourceUnreachable(f"the camera sends pictures of more than {MOST_JPEG} bytes")
        chunk = next(self._chunks, None)
        if chunk is None:
            return False
        self._held += chunk
        return True

    def _skip_through(self, mark: bytes) -> bool:
        while (place := self._held.find(mark)) < 0:
            del self._held[: max(0, len(self._held) - len(mark))]
            if not self._more():
                return False
        del self._held[: place + len(mark)]
        return True

    def _until(self, *marks: bytes) -> bytes | None:
        while True:
            found = [(place, mark) for mark in marks if (place := self._held.find(mark)) >= 0]
            if found:
                place, mark = min(found)
                head = bytes(self._held[:place])
                del self._held[: place + len(mark)]
                return head
            if len(self._held) > MOST_HEAD or not self._more():
                return None

    def _body(self, length: bytes) -> bytes | None:
        """The part's bytes: as many as it says, or those before the next boundary."""
        if not length.isdigit():
            while (place := self._held.find(b"\n" + self._boundary)) < 0:
                if not self._more():
                    return None
            size = place
        else:
            size = int(length)
            while len(self._held) < size:
                if not self._more():
                    return None
        data = bytes(self._held[:size])
        del self._held[:size]
        return data.removesuffix(b"\r") if not length.isdigit() else data


def _fields(head: bytes) -> dict[bytes, bytes]:
    lines = (line.partition(b":") for line in head.splitlines())
    return {name.strip().lower(): value.strip() for name, colon, value in lines if colon}


def _stamp(text: bytes) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
