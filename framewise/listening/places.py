"""Owns where a log ends: the video, the event after which it goes on, and what was there at that moment."""

from collections.abc import Iterable
from dataclasses import dataclass

from framewise.listening.sightings import Sighting


@dataclass(frozen=True, slots=True)
class Place:
    """The end of a camera's log. `present` is what had appeared in that video and not gone."""

    video_id: str
    event_id: str
    present: tuple[Sighting, ...]


def place_of(sightings: Iterable[Sighting]) -> Place | None:
    """The place behind sightings of one camera in their order; None without any."""
    present: dict[tuple[str, str], Sighting] = {}
    last: Sighting | None = None
    for last in sightings:
        if last.kind == "gone":
            present.pop((last.task, last.label), None)
        else:
            present[last.task, last.label] = last
    if last is None:
        return None
    return Place(last.video_id, last.event_id, tuple(s for s in present.values() if s.video_id == last.video_id))
