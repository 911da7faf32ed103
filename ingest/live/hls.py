"""Owns following an HLS playlist: each list and each segment is asked for through the guard, in order, once."""

import time
from collections.abc import Iterator
from typing import BinaryIO

import httpx

from ingest.halt import Halt
from ingest.live.playlists import Playlist, Segment, segments_of, variant_of
from ingest.live.sources import StreamOver
from pipeline.contracts.errors import SourceUnreachable
from pipeline.outbound.cutting import cut_at

MOST_PLAYLIST = 1 << 20
MOST_SEGMENT = 256 << 20
MOST_VARIANTS = 3
FOREVER = float("inf")
BEHIND = 3
"""So many segments before the newest it begins, as RFC 8216 (6.3.3) has players do."""
LEAST_WAIT = 0.5
STALE = 4
"""A playlist that has brought nothing new for so many segments' time has ended without saying so."""


def follow(client: httpx.Client, url: str, into: BinaryIO, halt: Halt) -> None:
    """Write every segment's bytes; raises StreamOver at the playlist's end, SourceRefused, SourceUnreachable, httpx's
    errors, or BrokenPipeError.
    """
    url, playlist = _chosen(client, url, halt)
    newest = playlist.segments[-1].number - BEHIND if playlist.segments and not playlist.ended else -1
    start: str | None = None
    heard_at = time.monotonic()
    while True:
        for segment in [s for s in playlist.segments if s.number > newest]:
            start = _write(client, segment, start, into, halt)
            newest, heard_at = segment.number, time.monotonic()
        if playlist.ended:
            raise StreamOver("the playlist has ended")
        if time.monotonic() - heard_at > STALE * playlist.seconds:
            raise SourceUnreachable("the playlist brings nothing new")
        _wait(max(LEAST_WAIT, playlist.seconds / 2), halt)
        playlist = segments_of(_text(client, url, halt), url)


def _chosen(client: httpx.Client, url: str, halt: Halt) -> tuple[str, Playlist]:
    """The list of segments that a playlist leads to, and its address."""
    for _ in range(MOST_VARIANTS):
        text = _text(client, url, halt)
        variant = variant_of(text, url)
        if variant is None:
            return url, segments_of(text, url)
        url = variant
    raise SourceUnreachable("the playlist leads from list to list")


def _write(client: httpx.Client, segment: Segment, start: str | None, into: BinaryIO, halt: Halt) -> str | None:
    """Write a segment, and before it what it must begin with, unless that was written for the one before."""
    if segment.start is not None and segment.start != start:
        for chunk in _chunks(client, segment.start, halt, MOST_SEGMENT):
            into.write(chunk)
    for chunk in _chunks(client, segment.url, halt, MOST_SEGMENT):
        into.write(chunk)
    return segment.start


def _text(client: httpx.Client, url: str, halt: Halt) -> str:
    return b"".join(_chunks(client, url, halt, MOST_PLAYLIST)).decode("utf-8", "replace")


def _chunks(client: httpx.Client, url: str, halt: Halt, most: int) -> Iterator[bytes]:
    size = 0
    with (
        cut_at(FOREVER, lambda: halt.is_set) as extensions,
        client.stream("GET", url, extensions=extensions) as answer,
    ):
        if answer.status_code != httpx.codes.OK:
            raise SourceUnreachable(f"the playlist's server answered {answer.status_code}")
        for chunk in answer.iter_raw():
            halt.check()
            size += len(chunk)
            if size > most:
                raise SourceUnreachable(f"a part of the playlist is larger than {most} bytes")
            yield chunk


def _wait(seconds: float, halt: Halt) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        halt.wait(min(left, 0.2))
