"""Owns what an HLS playlist says (RFC 8216): which segments there are, or which other playlists. Pure."""

import re
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urljoin

from pipeline.contracts.errors import SourceRefused, SourceUnreachable

ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)')
MOST_LINES = 20_000


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the stream: its number, its address, and that of what must be read before it, if anything."""

    number: int
    url: str
    start: str | None = None


@dataclass(frozen=True, slots=True)
class Playlist:
    """A media playlist. `seconds` is the longest segment's; `ended` says that none will come."""

    segments: tuple[Segment, ...]
    seconds: float
    ended: bool


def variant_of(text: str, url: str) -> str | None:
    """The address of the best variant, by bandwidth, in a list of them; None for a list of segments."""
    best: tuple[float, str] | None = None
    lines = _lines(text)
    for line, following in pairwise(lines):
        if line.startswith("#EXT-X-STREAM-INF:") and not following.startswith("#"):
            bandwidth = float(_attributes(line).get("BANDWIDTH", "0") or 0)
            best = max(best or (-1.0, ""), (bandwidth, urljoin(url, following)))
    return best[1] if best else None


def segments_of(text: str, url: str) -> Playlist:
    """The segments; raises SourceUnreachable for what is no playlist, SourceRefused for one that is encrypted."""
    lines = _lines(text)
    if not lines or not lines[0].startswith("#EXTM3U"):
        raise SourceUnreachable("what the address answers with is not a playlist")
    number, seconds, ended = 0, 6.0, False
    start: str | None = None
    found: list[Segment] = []
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if name == "#EXT-X-MEDIA-SEQUENCE":
            number = _number(value)
        elif name == "#EXT-X-TARGETDURATION":
            seconds = float(min(3600, max(1, _number(value))))
        elif name == "#EXT-X-ENDLIST":
            ended = True
        elif name == "#EXT-X-KEY" and _attributes(line).get("METHOD") != "NONE":
            raise SourceRefused("the playlist's segments are encrypted, which is not supported")
        elif name == "#EXT-X-BYTERANGE":
            raise SourceRefused("the playlist's segments are ranges of one file, which is not supported")
        elif name == "#EXT-X-MAP":
            start = urljoin(url, _attributes(line).get("URI", ""))
        elif not line.startswith("#"):
            found.append(Segment(number, urljoin(url, line), start))
            number += 1
    return Playlist(tuple(found), seconds, ended)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.lstrip("\ufeff").splitlines()[:MOST_LINES] if line.strip()]


def _attributes(line: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in ATTRIBUTE.findall(line.partition(":")[2])}


def _number(text: str) -> int:
    match = re.match(r"\d{1,18}", text.strip())
    return int(match.group()) if match else 0
