"""Owns that a track does not name somebody who was erased while it was followed."""

import time
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.erasures import CassandraErasureStore
from pipeline.cassandra.tracks import CassandraTrackStore
from pipeline.contracts.erasures import subject_of
from pipeline.contracts.tracks import Track
from pipeline.stores.erasures import ErasureStore

FRESH_SECONDS = 1.0


class ForgetfulTrackStore(CassandraTrackStore):
    """A track store that keeps no name of anybody who is being erased: frames said it before, and were remembered."""

    def __init__(self, client: CassandraClient, erasures: ErasureStore | None = None) -> None:
        super().__init__(client)
        self._erasures = erasures or CassandraErasureStore(client)
        self._subjects: tuple[float, frozenset[str]] = (float("-inf"), frozenset())

    def save_tracks(self, video_id: UUID, tracks: Sequence[Track], write_timestamp: int) -> None:
        """Keep tracks."""
        erased = self._erased() if any(track.person for track in tracks) else frozenset()
        super().save_tracks(video_id, [_without(track, erased) for track in tracks], write_timestamp)

    def _erased(self) -> frozenset[str]:
        """Digests of those who are being erased, as they were a second ago at most."""
        read_at, subjects = self._subjects
        if time.monotonic() - read_at > FRESH_SECONDS:
            subjects = self._erasures.subjects()
            self._subjects = time.monotonic(), subjects
        return subjects


def _without(track: Track, erased: frozenset[str]) -> Track:
    return replace(track, person=None) if track.person and subject_of(track.person.person_id) in erased else track
