"""Owns what was found in which video: the contract of a search index and its in-memory twin."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pipeline.contracts.results import TaskName


@dataclass(frozen=True, slots=True, order=True)
class SearchPlace:
    """Where an entry stands: newest video first, so listings go from high to low."""

    created_at: datetime
    video_id: UUID
    task: str
    label: str
    model: str


@dataclass(frozen=True, slots=True)
class SearchEntry:
    """A label that a model found in a video that was created at `created_at`: in how many frames, when, how surely.

    Times are seconds of media time.
    """

    video_id: UUID
    created_at: datetime
    task: TaskName
    label: str
    model: str
    frames: int
    first_media_time: float
    last_media_time: float
    max_confidence: float

    @property
    def place(self) -> SearchPlace:
        """Where it stands."""
        return SearchPlace(self.created_at, self.video_id, self.task.value, self.label, self.model)


class SearchIndex(Protocol):
    """Entries of all videos. An entry may name a video that is not there any more. Raises StoreUnavailable."""

    def replace(self, video_id: UUID, entries: Sequence[SearchEntry], revision: int) -> None:
        """Make these the entries of a video, unless those of a later revision are there."""

    def forget(self, video_id: UUID) -> None:
        """Take out all entries of a video."""

    def drop(self, entry: SearchEntry) -> None:
        """Take out what is left under this entry's label of a video that is not there any more."""

    def forget_label(self, video_id: UUID, label: str) -> int:
        """Take out the entries of a video under a person's name, and all trace of it where it was the last; how many.

        Other things of that name stay.
        """

    def find(
        self,
        label: str | None = None,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
        after: SearchPlace | None = None,
    ) -> Iterator[SearchEntry]:
        """Entries from high places to low, fetched as they are taken; the ends of the span are included."""


@dataclass
class InMemorySearchIndex:
    """The twin for tests and trials."""

    _entries: dict[SearchPlace, SearchEntry] = field(default_factory=dict)
    _revisions: dict[UUID, int] = field(default_factory=dict)

    def replace(self, video_id: UUID, entries: Sequence[SearchEntry], revision: int) -> None:
        if revision < self._revisions.get(video_id, revision):
            return
        self.forget(video_id)
        self._revisions[video_id] = revision
        self._entries |= {entry.place: entry for entry in entries}

    def forget(self, video_id: UUID) -> None:
        self._entries = {place: entry for place, entry in self._entries.items() if entry.video_id != video_id}

    def drop(self, entry: SearchEntry) -> None:
        self.forget(entry.video_id)

    def forget_label(self, video_id: UUID, label: str) -> int:
        named = (video_id, TaskName.IDENTITIES.value, label)
        going = [place for place in self._entries if (place.video_id, place.task, place.label) == named]
        for place in going:
            del self._entries[place]
        return len(going)

    def find(
        self,
        label: str | None = None,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
        after: SearchPlace | None = None,
    ) -> Iterator[SearchEntry]:
        for place in sorted(self._entries, reverse=True):
            if (
                (label is None or place.label == label)
                and (created_from is None or place.created_at >= created_from)
                and (created_to is None or place.created_at <= created_to)
                and (after is None or place < after)
            ):
                yield self._entries[place]
