"""Owns the in-memory twin of the track store."""

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from pipeline.contracts.tracks import Track, Tracking, TrackPoints
from pipeline.stores.tracks import Owed, TrackPage, TrackPlace, TrackQuery


@dataclass
class InMemoryTrackStore:
    """The twin for tests and trials. Of a removed video it keeps what it has: nobody tells it."""

    _owed: dict[UUID, int] = field(default_factory=dict)
    _marks: int = 0
    _tracks: dict[UUID, dict[str, tuple[int, Track]]] = field(default_factory=dict)
    _points: dict[tuple[UUID, int], dict[str, tuple[int, TrackPoints]]] = field(default_factory=dict)
    _states: dict[UUID, tuple[int, Tracking]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def owe(self, video_id: UUID) -> None:
        with self._lock:
            self._marks += 1
            self._owed[video_id] = self._marks

    def owed(self, limit: int) -> list[Owed]:
        return [Owed(video_id, mark) for video_id, mark in list(self._owed.items())[:limit]]

    def settle(self, owed: Owed) -> None:
        with self._lock:
            if self._owed.get(owed.video_id) == owed.mark:
                del self._owed[owed.video_id]

    def begin(self, video_id: UUID, buckets: Collection[int], write_timestamp: int) -> None:
        with self._lock:
            older = {k: v for k, v in self._tracks.get(video_id, {}).items() if v[0] > write_timestamp}
            self._tracks[video_id] = older
            for bucket in buckets:
                kept = {k: v for k, v in self._points.get((video_id, bucket), {}).items() if v[0] > write_timestamp}
                self._points[video_id, bucket] = kept

    def save_tracks(self, video_id: UUID, tracks: Sequence[Track], write_timestamp: int) -> None:
        with self._lock:
            known = self._tracks.setdefault(video_id, {})
            for track in tracks:
                if known.get(track.track_id, (0,))[0] <= write_timestamp:
                    known[track.track_id] = write_timestamp, track

    def save_points(self, video_id: UUID, bucket: int, points: Sequence[TrackPoints], write_timestamp: int) -> None:
        with self._lock:
            known = self._points.setdefault((video_id, bucket), {})
            for found in points:
                if known.get(found.track_id, (0,))[0] <= write_timestamp:
                    known[found.track_id] = write_timestamp, found

    def save_state(self, video_id: UUID, state: Tracking, write_timestamp: int) -> None:
        with self._lock:
            if self._states.get(video_id, (0,))[0] <= write_timestamp:
                self._states[video_id] = write_timestamp, state

    def state(self, video_id: UUID) -> Tracking | None:
        known = self._states.get(video_id)
        return known[1] if known else None

    def page(self, video_id: UUID, query: TrackQuery, limit: int, after: TrackPlace | None = None) -> TrackPage:
        ordered = sorted((t for _, t in self._tracks.get(video_id, {}).values()), key=place_of)
        found = [t for t in ordered if (after is None or place_of(t) > after) and query.wants(t)]
        more = len(found) > limit
        return TrackPage(tuple(found[:limit]), place_of(found[limit - 1]) if more else None)

    def get(self, video_id: UUID, track_id: str) -> Track | None:
        known = self._tracks.get(video_id, {}).get(track_id)
        return known[1] if known else None

    def points(self, video_id: UUID, bucket: int) -> list[TrackPoints]:
        return [found for _, found in self._points.get((video_id, bucket), {}).values()]

    def points_of(self, video_id: UUID, bucket: int, track_id: str) -> TrackPoints | None:
        known = self._points.get((video_id, bucket), {}).get(track_id)
        return known[1] if known else None

    def forget_person(self, video_id: UUID, person_ids: Collection[UUID]) -> int:
        with self._lock:
            known = self._tracks.get(video_id, {})
            named = {k: v for k, v in known.items() if v[1].person and v[1].person.person_id in person_ids}
            known |= {k: (at, replace(track, person=None)) for k, (at, track) in named.items()}
            return len(named)


def place_of(track: Track) -> TrackPlace:
    """Where a track stands among those of its video."""
    return TrackPlace(track.first_frame, track.track_id)
