"""Owns what becomes of a step of a video's document, and of the message that asked for it; asks no server.

A step goes running → done | error, and back to running when it is asked for anew. `analysis` is a digest of all that
was asked (the object and its version, the detectors), so that the same question has one answer however often it comes.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

VideoId = int | Decimal | str
"""As the document's key has it: a number stays a number, a text a text."""

LONGEST_PAUSE = 900
LONGEST_NAME = 800


class State(StrEnum):
    """How a step stands."""

    RUNNING = "running"
    DONE = "done"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Place:
    """An object of S3."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class Work:
    """A video that is to be analysed, and the document that it belongs to."""

    video_id: VideoId
    place: Place


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a document's `process_steps`, without its name. A state of another system stays a text."""

    state: str
    result_file: Place | None = None
    error: str | None = None
    analysis: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a work did not end well; one that is `final` would end the same way if it were tried again."""

    reason: str
    final: bool


class Fate(StrEnum):
    """What becomes of a message: it is deleted, comes back later, or goes to the dead-letter queue."""

    DELETE = "delete"
    RETURN = "return"
    SET_ASIDE = "set aside"


def digest_of(work: Work, version: str, asked: Any) -> str:
    """The analysis of a work: equal for equal objects and questions. A VideoId 5 and a VideoId "5" are two."""
    whole = [type(work.video_id) is str, str(work.video_id), work.place.bucket, work.place.key, version, asked]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def is_done(current: Step | None, analysis: str) -> bool:
    """Whether this very analysis has ended well already."""
    return current is not None and current.state == State.DONE and current.analysis == analysis


def begun(current: Step | None, analysis: str) -> Step | None:
    """The step as work on an analysis begins; None when there is nothing to write."""
    return None if is_done(current, analysis) else Step(State.RUNNING, analysis=analysis)


def ended(current: Step | None, end: Step) -> Step | None:
    """The step as an analysis has ended; None when it is not to be written.

    What is done stays done, and who was late does not overwrite an analysis that began after his.
    """
    if current is None or current.analysis is None:
        return end
    return end if current.analysis == end.analysis and current.state != State.DONE else None


def refused(current: Step | None, reason: str) -> Step | None:
    """The step when work on it could not even begin; None when it is not to be written: what is done stays done."""
    return None if current is not None and current.state == State.DONE else Step(State.ERROR, error=reason)


def fate(failures: Sequence[Failure], receives: int, tries: int) -> Fate:
    """What becomes of a message that has come `receives` times, after all that it asked for was tried."""
    if not failures:
        return Fate.DELETE
    if receives >= tries or all(failure.final for failure in failures):
        return Fate.SET_ASIDE
    return Fate.RETURN


def result_place(bucket: str, step: str, work: Work, analysis: str) -> Place:
    """Where the result of an analysis is put: two analyses of one VideoId never overwrite each other."""
    name = str(work.video_id)
    shown = name if len(name.encode()) <= LONGEST_NAME else hashlib.sha256(name.encode()).hexdigest()
    return Place(bucket, f"{step}/{shown}-{analysis[:12]}.json")


def is_result(place: Place, bucket: str, step: str) -> bool:
    """Whether an object is a result of this step: an event that tells of it asks for nothing."""
    return place.bucket == bucket and place.key.startswith(f"{step}/") and place.key.endswith(".json")


def pause(receives: int, first: int) -> int:
    """Seconds until a message comes back: twice as many each time."""
    return min(LONGEST_PAUSE, first << min(receives - 1, 20))
