"""Owns what an erasure reads and changes: every store that may hold something of a person."""

from dataclasses import dataclass

from pipeline.stores.digests import DigestStore
from pipeline.stores.erasures import ErasureStore
from pipeline.stores.faces import FaceStore
from pipeline.stores.frames import FrameStore
from pipeline.stores.people import PeopleStore
from pipeline.stores.results import ResultStore
from pipeline.stores.search import SearchIndex
from pipeline.stores.sightings import SightingStore
from pipeline.stores.tracks import TrackStore
from pipeline.stores.videos import VideoStore


@dataclass(frozen=True, slots=True)
class PersonalStores:
    """Everything that may hold something of a person."""

    videos: VideoStore
    results: ResultStore
    frames: FrameStore
    digests: DigestStore
    search: SearchIndex
    people: PeopleStore
    faces: FaceStore
    tracks: TrackStore
    sightings: SightingStore
    erasures: ErasureStore
