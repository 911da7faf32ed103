"""Owns what counts as an appearance: rows of results become `appeared` and `gone`, so that flicker says nothing."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from framewise.answers import Answer, Result

HOLD = 0.1
"""What is there already may be so much less sure."""
MOST_MISSES = 1
"""So many frames in a row without it, before an appearance is confirmed, do not count."""
COLOURS = "color_detection"

Kind = Literal["appeared", "gone"]


class Sighting(Answer):
    """Something appeared, or was gone. `at` is when it was captured; `media_time` and `seconds` are in seconds.

    `confidence` is the best and `most` the greatest number at once, so far (`appeared`) or in all (`gone`). `event_id`
    is the event of the video by which it was noticed.
    """

    id: str
    kind: Kind
    camera: str
    video_id: str
    task: str
    label: str
    at: datetime | None
    frame_number: int
    media_time: float
    confidence: float
    most: int
    seconds: float
    event_id: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What is listened for: these labels (all, without any) with at least this confidence (0–1).

    Something has appeared when `confirm` frames showed it, and is gone when frames have not for `gone_seconds`.
    """

    labels: frozenset[str] = frozenset()
    min_confidence: float = 0.5
    confirm: int = 2
    gone_seconds: float = 2.0


@dataclass(slots=True)
class _Seen:
    """What is known of a label: its first and its last row, and since when rows have not shown it."""

    first: Result
    last: Result
    confidence: float
    most: int
    hits: int = 0
    misses: int = 0
    present: bool = False
    absent_since: float | None = None


class Watcher:
    """Follows one video. Rows must come in the order of their frames."""

    def __init__(self, camera: str, rules: Rules, present: Iterable[Sighting] = ()) -> None:
        """Begin; `present` is what had appeared and not gone when somebody stopped following."""
        self._camera = camera
        self._rules = rules
        self._seen = {(before.task, before.label): _restored(before) for before in present}

    def take(self, row: Result, event_id: str) -> list[Sighting]:
        """What is noticed by a row. A row that failed says nothing."""
        if row.status != "ok":
            return []
        found = self._found(row)
        noticed = [self._hit(row, label, event_id, *found[label]) for label in sorted(found)]
        noticed += [self._miss(row, label, event_id) for label in self._others(row.task, found)]
        return [sighting for sighting in noticed if sighting is not None]

    def end(self, event_id: str) -> list[Sighting]:
        """What is gone because nothing more comes."""
        left, self._seen = self._seen, {}
        return [self._sighting("gone", seen, label, event_id) for (_, label), seen in left.items() if seen.present]

    def _found(self, row: Result) -> dict[str, tuple[float, int]]:
        """The best confidence and the number of each label."""
        found: dict[str, tuple[float, int]] = {}
        for finding in row.detections:
            seen = self._seen.get((row.task, finding.label))
            least = self._rules.min_confidence - (HOLD if seen is not None and seen.present else 0)
            if self._wanted(row.task, finding.label) and finding.confidence >= least:
                best, number = found.get(finding.label, (0.0, 0))
                found[finding.label] = (max(best, finding.confidence), number + 1)
        return found

    def _wanted(self, task: str, label: str) -> bool:
        """Whether it is listened for; colours come and go with each frame, so they must be asked for."""
        return label in self._rules.labels if self._rules.labels else task != COLOURS

    def _hit(self, row: Result, label: str, event_id: str, confidence: float, number: int) -> Sighting | None:
        seen = self._seen.setdefault((row.task, label), _Seen(row, row, 0.0, 0))
        seen.last, seen.absent_since, seen.misses = row, None, 0
        seen.confidence, seen.most = max(seen.confidence, confidence), max(seen.most, number)
        seen.hits += 1
        if seen.present or seen.hits < self._rules.confirm:
            return None
        seen.present = True
        return self._sighting("appeared", seen, label, event_id)

    def _others(self, task: str, found: Collection[str]) -> list[str]:
        return [label for of, label in self._seen if of == task and label not in found]

    def _miss(self, row: Result, label: str, event_id: str) -> Sighting | None:
        seen = self._seen[row.task, label]
        seen.misses += 1
        if not seen.present:
            if seen.misses > MOST_MISSES:
                del self._seen[row.task, label]
            return None
        seen.absent_since = moment(row) if seen.absent_since is None else seen.absent_since
        if moment(row) - seen.absent_since < self._rules.gone_seconds:
            return None
        del self._seen[row.task, label]
        return self._sighting("gone", seen, label, event_id)

    def _sighting(self, kind: Kind, seen: _Seen, label: str, event_id: str) -> Sighting:
        row = seen.first if kind == "appeared" else seen.last
        return Sighting(
            id=f"{row.video_id}/{row.task}/{label}/{row.frame_number}/{kind}",
            kind=kind,
            camera=self._camera,
            video_id=row.video_id,
            task=row.task,
            label=label,
            at=row.captured_at,
            frame_number=row.frame_number,
            media_time=row.media_time,
            confidence=seen.confidence,
            most=seen.most,
            seconds=round(max(0.0, moment(seen.last) - moment(seen.first)), 3),
            event_id=event_id,
        )


def moment(row: Result) -> float:
    """When a row was captured, in seconds: by the clock where that is known, else in the video."""
    return row.captured_at.timestamp() if row.captured_at else row.media_time


def _restored(before: Sighting) -> _Seen:
    row = Result(
        video_id=before.video_id,
        frame_number=before.frame_number,
        media_time=before.media_time,
        captured_at=before.at,
        task=before.task,
        model="",
        status="ok",
    )
    return _Seen(row, row, before.confidence, before.most, hits=1, present=True)
