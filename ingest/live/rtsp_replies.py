"""Owns what an RTSP server may say to FFmpeg: everything but to go elsewhere, which it would do unasked. Pure.

A connection carries replies and requests in lines (RFC 2326) and, between them, packets that begin with a dollar sign,
a channel and a length (10.12). FFmpeg ends a line at its line feed and the head at an empty line, and so do we.
"""

from pipeline.contracts.errors import SourceRefused

MOST_LINE = 4000
DOLLAR = ord("$")


class RtspReplies:
    """Passes on what an RTSP server sends, piece by piece; a head only when all of it is known."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._body = 0

    def __call__(self, data: bytes) -> bytes:
        """What may be passed on by now; raises SourceRefused where the server leads elsewhere."""
        self._held += data
        passed = bytearray()
        while (size := self._whole()) > 0:
            passed += self._held[:size]
            del self._held[:size]
        return bytes(passed)

    def _whole(self) -> int:
        """The size of the piece at the front that may go; 0 while it is not known."""
        if not self._held:
            return 0
        if self._body:
            size = min(self._body, len(self._held))
            self._body -= size
            return size
        if self._held[0] == DOLLAR:
            size = 4 + int.from_bytes(self._held[2:4]) if len(self._held) >= 4 else 0
            return size if size <= len(self._held) else 0
        return self._head()

    def _head(self) -> int:
        place = 0
        while (end := self._held.find(b"\n", place)) >= 0:
            line = bytes(self._held[place:end]).rstrip(b"\r").strip()
            place = end + 1
            if not line:
                return place
            self._check(line)
            if line.lower().startswith(b"content-length:"):
                self._length_is(line)
        if len(self._held) - place > MOST_LINE:
            raise SourceRefused("the server's answer is not RTSP: a line has no end")
        self._body = 0
        return 0

    def _length_is(self, line: bytes) -> None:
        text = line.partition(b":")[2].strip()
        if not text.isdigit() or len(text) > 8:
            raise SourceRefused("the server's answer is not RTSP: the length of its body makes no sense")
        self._body = int(text)

    @staticmethod
    def _check(line: bytes) -> None:
        lower = line.lower()
        if lower.startswith((b"location:", b"redirect ")):
            raise SourceRefused(
                "the server sends us to another address; give that address itself, so that it is checked"
            )
        if len(line) > MOST_LINE:
            raise SourceRefused("the server's answer is not RTSP: a line is too long")
