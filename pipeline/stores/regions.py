"""Owns what is kept of lines and zones: the contract of their store, and the in-memory twin."""

from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from pipeline.contracts.regions import Regions


class RegionStore(Protocol):
    """Lines and zones by video; the video store removes them with the video. Raises StoreUnavailable."""

    def save(self, video_id: UUID, regions: Regions) -> None:
        """Keep them, in place of what was drawn before."""

    def get(self, video_id: UUID) -> Regions:
        """What is drawn on a video; nothing where nobody has drawn."""


@dataclass
class InMemoryRegionStore:
    """The twin for tests and trials."""

    _kept: dict[UUID, Regions] = field(default_factory=dict)

    def save(self, video_id: UUID, regions: Regions) -> None:
        self._kept[video_id] = regions

    def get(self, video_id: UUID) -> Regions:
        return self._kept.get(video_id, Regions())
