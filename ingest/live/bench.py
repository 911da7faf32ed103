"""Owns what the work on live videos needs beside what the work on any video does."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ingest.live.connection import Connect, connect
from ingest.live.outcomes import NoOutcomes, Outcomes
from ingest.live.sources import LiveSource
from pipeline.contracts.settings import LiveSettings
from pipeline.contracts.videos import Video
from pipeline.kafka.publishing import Publisher


@dataclass(frozen=True)
class LiveBench:
    """`publisher` lets no frame wait for another. `source_of` raises SourceRefused for a video that has no source.
    `ready` says whether a pending video's source can be expected to send, so that it is taken up.
    """

    settings: LiveSettings
    publisher: Publisher
    source_of: Callable[[Video], LiveSource]
    ready: Callable[[Video], bool] = lambda video: True
    outcomes: Outcomes = field(default_factory=NoOutcomes)
    connect: Connect = connect
