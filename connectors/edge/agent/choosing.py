"""Owns which crops of a track are sent: the best of a few windows, not every repeat."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T")

FIRST_SECONDS = 1.5
"""The first window of a track: so its first crop is sent within two seconds."""
GROWTH = 4
"""Each window is so many times as long as the one before: what stays is looked at again, ever more seldom."""
WORTH = 0.6
"""Of the best that was sent: what is less says nothing new."""


@dataclass
class _Track(Generic[T]):
    """What is known of one track. `best` is the best of the window, until it is sent."""

    window_ends: datetime
    window: timedelta
    seen_at: datetime
    best: T | None = None
    quality: float = 0.0
    sent: int = 0
    sent_quality: float = 0.0


@dataclass
class BestOfTracks(Generic[T]):
    """Chooses at most `most` crops of each track, by their quality, as time goes on by the captures' own clock."""

    most: int
    lost_after: timedelta
    begun: int = 0
    _tracks: dict[str, _Track[T]] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many tracks go on."""
        return len(self._tracks)

    def wants(self, track: str, quality: float, now: datetime) -> bool:
        """Whether a crop of this quality would be kept: only then need it be cut out. Says that the track goes on."""
        known = self._tracks.get(track)
        if known is None:
            return quality > 0
        known.seen_at = now
        return known.sent < self.most and quality > max(known.quality, known.sent_quality * WORTH)

    def offer(self, track: str, quality: float, crop: T, now: datetime) -> None:
        """Keep a wanted crop as the best of its window."""
        window = timedelta(seconds=FIRST_SECONDS)
        if track not in self._tracks:
            self._tracks[track], self.begun = _Track(now + window, window, now), self.begun + 1
        known = self._tracks[track]
        known.best, known.quality = crop, quality

    def due(self, now: datetime) -> Iterator[T]:
        """The crops to send by now: of windows that have ended and of tracks that are gone."""
        for name, track in list(self._tracks.items()):
            gone = now - track.seen_at > self.lost_after
            if gone or now >= track.window_ends:
                yield from self._sent(track, now)
            if gone:
                del self._tracks[name]

    def finish(self) -> Iterator[T]:
        """What is kept of all tracks; they have ended."""
        for track in self._tracks.values():
            yield from self._sent(track, track.seen_at)
        self._tracks.clear()

    def _sent(self, track: _Track[T], now: datetime) -> Iterator[T]:
        """The best of the window, if there is one; then the next window begins."""
        if track.best is not None:
            yield track.best
            track.sent, track.sent_quality = track.sent + 1, max(track.sent_quality, track.quality)
            track.best, track.quality, track.window = None, 0.0, track.window * GROWTH
        track.window_ends = now + track.window
