"""Owns the way of a frame through the agent: found, followed, measured, chosen, kept for sending."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from connectors.edge.agent.capturing import Captured
from connectors.edge.agent.choosing import BestOfTracks
from connectors.edge.agent.cutting import cut, with_margin
from connectors.edge.agent.finding import Finder
from connectors.edge.agent.following import LOST_SECONDS, Follower
from connectors.edge.crops import Crop, crop_id
from connectors.edge.messages import Message, encode
from connectors.edge.topics import TopicTemplate
from pipeline.contracts.errors import DiskFull
from pipeline.contracts.results import Detection
from pipeline.crop_quality import Least, measure

logger = logging.getLogger(__name__)


class Keeping(Protocol):
    """What takes the messages of chosen crops."""

    def put(self, crop_id: str, message: Message) -> None:
        """Keep it until it is safe elsewhere. Raises DiskFull."""


@dataclass(frozen=True, slots=True)
class Place:
    """Whose crops these are and where they go."""

    site: str
    camera: str
    topic: TopicTemplate


@dataclass(frozen=True, slots=True)
class Choice:
    """Which crops are sent: the least they have to reach, how many of a track, and how they are cut."""

    least: Least
    per_track: int = 3
    margin: float = 1.5
    largest: int = 1024


@dataclass
class Counts:
    """What was seen and kept since the start."""

    frames: int = 0
    found: int = 0
    crops: int = 0
    lost: int = 0


class Watcher:
    """Looks at frames one after the other; used by one thread."""

    def __init__(self, place: Place, choice: Choice, finder: Finder, spool: Keeping) -> None:
        self._place, self._choice, self._finder, self._spool = place, choice, finder, spool
        self._follower = Follower(finder.least)
        self._best: BestOfTracks[Crop] = BestOfTracks(choice.per_track, timedelta(seconds=LOST_SECONDS))
        self.counts = Counts()

    @property
    def tracks(self) -> int:
        """Tracks with a good crop, since the start."""
        return self._best.begun

    def look(self, frame: Captured) -> bool:
        """Find what is in the frame; keep for sending what is to be sent by now. False when the model failed."""
        self.counts.frames += 1
        answer = self._find(frame)
        for track, found in self._follower.follow(answer or (), frame.captured_at):
            self.counts.found += 1
            self._consider(frame, track, found)
        self._keep(self._best.due(frame.captured_at))
        return answer is not None

    def finish(self) -> None:
        """The source has ended, or was lost: what is kept of its tracks is sent."""
        self._keep(self._best.finish())
        self._follower.forget()

    def _find(self, frame: Captured) -> Sequence[Detection] | None:
        try:
            return self._finder.find(frame.image)
        except Exception as e:  # noqa: BLE001 - whatever a runtime raises is about this frame
            logger.warning("the model failed on a frame: %s: %s", type(e).__name__, e)
            return None

    def _consider(self, frame: Captured, track: str, found: Detection) -> None:
        assert found.box is not None
        seen = measure(frame.image, found, found.box)
        quality = seen.quality if seen.reaches(self._choice.least) else 0.0
        if not self._best.wants(track, quality, frame.captured_at):
            return
        area = with_margin(found.box, self._choice.margin)
        image = cut(frame.image, area, self._choice.largest)
        site, camera = self._place.site, self._place.camera
        crop = Crop(
            image, site, camera, frame.captured_at, track, crop_id(site, camera, frame.captured_at, track),
            label=found.label, box=found.box, area=area, sharpness=round(seen.sharpness, 2), score=found.confidence,
        )  # fmt: skip
        self._best.offer(track, quality, crop, frame.captured_at)

    def _keep(self, crops: Iterable[Crop]) -> None:
        for crop in crops:
            try:
                self._spool.put(crop.crop_id, encode(crop, self._place.topic))
                self.counts.crops += 1
            except DiskFull as e:
                self.counts.lost += 1
                logger.warning("the crop %s is lost: %s", crop.crop_id, e)
