"""Owns a track while it goes on: what is known of it so far, in little memory however long it is."""

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np

from pipeline.contracts.frames import bucket_of
from pipeline.contracts.tracks import FACE_TASKS, BestFrame, Spot, Track, TrackPerson, TrackPoints
from tracking.candidates import Candidates
from tracking.findings import Finding, Named

LEAST_FRAMES = 3
"""What was seen in fewer frames is no track."""
MOST_SPOTS = 64
LEAST_SHARE, LEAD = 0.3, 2.0
"""A face is named after a person if so many of its frames say so, and so many times as many as for anybody else."""


@dataclass
class _Votes:
    """How often, and how strongly, frames said that a face is somebody."""

    name: str
    times: int = 0
    similarity: float = 0.0


@dataclass
class Path:
    """Where a track went, as at most 64 spots: when there are more, every second is left out, and so from then on."""

    spots: list[Spot] = field(default_factory=list)
    _every: int = 1
    _seen: int = 0
    _last: Spot | None = None

    def add(self, spot: Spot) -> None:
        """Go on."""
        self._last = spot
        if self._seen % self._every == 0:
            self.spots.append(spot)
        self._seen += 1
        if len(self.spots) >= MOST_SPOTS:
            del self.spots[1::2]
            self._every *= 2

    def whole(self) -> tuple[Spot, ...]:
        """From the first spot to the last."""
        rest = [self._last] if self._last is not None and self.spots[-1] != self._last else []
        return (*self.spots, *rest)


@dataclass
class _Points:
    """Boxes of one bucket that are still to be kept, or may have more."""

    frames: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)
    new: bool = False


class Going:
    """One track that may go on."""

    def __init__(self, track_id: str, finding: Finding, frame_number: int, media_time: float) -> None:
        self.track_id = track_id
        self.task = finding.task
        self.first_frame = self.last_frame = frame_number
        self.first_time = self.last_time = media_time
        self.frames = 0
        self.changed = True
        self.candidates = Candidates(finding.task in FACE_TASKS)
        self._confidence = 0.0
        self._labels: defaultdict[str, float] = defaultdict(float)
        self._emotions: defaultdict[str, float] = defaultdict(float)
        self._felt = self._looked_for = 0
        self._people: dict[UUID, _Votes] = {}
        self._path = Path()
        self._points: defaultdict[int, _Points] = defaultdict(_Points)

    @property
    def certain(self) -> bool:
        """Whether it was seen often enough to be one."""
        return self.frames >= LEAST_FRAMES

    def add(self, finding: Finding, frame_number: int, media_time: float) -> None:
        """It was found in one more frame, later than all before."""
        box = finding.box
        self.frames += 1
        self.changed = True
        self.last_frame, self.last_time = frame_number, media_time
        self._confidence = max(self._confidence, finding.score)
        self._labels[finding.label] += finding.score
        self._feel(finding)
        if finding.named is not None:
            self._recognise(finding.named)
        down = 0.5 if self.task in FACE_TASKS else 1.0
        self._path.add(Spot(media_time, box.x + box.width / 2, box.y + down * box.height))
        self.candidates.look(finding, frame_number, media_time)
        points = self._points[bucket_of(frame_number)]
        points.frames.append(frame_number)
        points.times.append(media_time)
        points.boxes.append(box.numbers)
        points.new = True

    def _feel(self, finding: Finding) -> None:
        for name, share in finding.emotions.items():
            self._emotions[name] += share
        self._felt += bool(finding.emotions)

    def _recognise(self, named: Named) -> None:
        self._looked_for += 1
        if named.person_id is not None:
            votes = self._people.setdefault(named.person_id, _Votes(named.name))
            votes.times += 1
            votes.similarity += named.similarity

    def new_points(self) -> list[tuple[int, TrackPoints]]:
        """The points by bucket, of those buckets that have new ones."""
        fresh = [(bucket, points) for bucket, points in sorted(self._points.items()) if points.new]
        for _, points in fresh:
            points.new = False
        return [(bucket, self._packed(points)) for bucket, points in fresh]

    def _packed(self, points: _Points) -> TrackPoints:
        return TrackPoints(
            self.track_id,
            np.array(points.frames, np.int64),
            np.array(points.times, np.float64),
            np.array(points.boxes, np.float32).reshape(-1, 4),
        )

    def settle(self, bucket: int) -> None:
        """What is new was kept: forget the points of the buckets before this one, to which nothing is added any more.

        A track that is not certain was not kept; its few points stay.
        """
        if self.certain:
            self.changed = False
            for before in [known for known in self._points if known < bucket]:
                del self._points[before]

    def track(self, ended: bool, best: BestFrame | None) -> Track:
        """What is known of it."""
        label = max(sorted(self._labels), key=lambda name: self._labels[name])
        return Track(
            self.track_id,
            self.task,
            label,
            self._labels[label] / max(sum(self._labels.values()), 1e-12),
            self._confidence,
            self.frames,
            self.first_frame,
            self.last_frame,
            self.first_time,
            self.last_time,
            self._path.whole(),
            best,
            self._person(),
            {name: total / self._felt for name, total in sorted(self._emotions.items())},
            ended,
        )

    def _person(self) -> TrackPerson | None:
        """Who most of the frames say it is, if enough of them do."""
        ranked = sorted(self._people.items(), key=lambda item: (-item[1].similarity, item[0]))
        if not ranked:
            return None
        person_id, votes = ranked[0]
        runner_up = ranked[1][1].similarity if len(ranked) > 1 else 0.0
        share = votes.times / self._looked_for
        if share < LEAST_SHARE or votes.similarity < LEAD * runner_up:
            return None
        return TrackPerson(person_id, votes.name, votes.similarity / votes.times, share)
