"""Owns the frame that is shown next, and in which views it may be asked for."""

from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from pipeline.contracts.results import AnalyzedFrame, ResultRow
from pipeline.stores.results import rows_of

OUTCOME = TypeAdapter(AnalyzedFrame)


@dataclass(frozen=True, slots=True)
class View:
    """What a viewer asked for: boxes or none, the plain frame beside it, faces hidden."""

    annotate: bool = True
    side_by_side: bool = False
    hide_faces: bool = False


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame with an outcome, its rows, and the seconds of media time at which it is."""

    attempt: int
    frame_number: int
    media_time: float
    rows: tuple[ResultRow, ...]

    @property
    def place(self) -> tuple[int, int]:
        """What grows from shot to shot."""
        return self.attempt, self.frame_number


def shot_of(outcome: bytes) -> Shot | None:
    """The frame of a record of the topic `results`; None for one that cannot be read."""
    try:
        frame = OUTCOME.validate_json(outcome)
    except ValidationError:
        return None
    return Shot(frame.attempt, frame.frame_number, frame.media_time, tuple(rows_of(frame)))
