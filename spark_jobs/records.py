"""Owns what a worker is given: rows of Spark, as frames and as records that are set aside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from pipeline.contracts.errors import RecordInvalid
from pipeline.contracts.frames import Frame, StoreFrames
from pipeline.contracts.results import AnalyzedFrame, FrameResult
from pipeline.kafka.codecs import FRAME_HEADERS, decode_frame
from pipeline.kafka.publishing import DeadLetter
from spark_jobs.in_flight import Place

Row = dict[str, Any]


@dataclass(slots=True)
class Batch:
    """What is known of some records. `said` has a row of the schema for each.

    `faces` has, for each frame that is to be stored blurred, what was said of its faces.
    """

    frames: list[tuple[Row, Frame]] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    analyzed: list[AnalyzedFrame] = field(default_factory=list)
    said: list[Row] = field(default_factory=list)
    faces: list[tuple[Frame, FrameResult]] = field(default_factory=list)

    @classmethod
    def of(cls, records: Sequence[Row]) -> "Batch":
        """Sort records into frames and those that are set aside."""
        batch = cls()
        for record in records:
            try:
                frame = decode_frame(record["value"], {name: _text(record[name]) for name in FRAME_HEADERS})
            except RecordInvalid as e:
                batch.letters.append(letter_of(record, str(e)))
                batch.said.append({"video_id": None})
            else:
                batch.frames.append((record, frame))
                batch.said.append({"video_id": str(frame.video_id)})
        return batch

    def narrow(self, wanted: Callable[[Sequence[Frame]], Sequence[bool]]) -> None:
        """Leave out the frames that are not wanted (any more); their records are done with."""
        answers = wanted([frame for _, frame in self.frames])
        self.frames = [known for known, is_wanted in zip(self.frames, answers, strict=True) if is_wanted]

    def veil(self, veiled: Callable[[Sequence[Frame]], Sequence[bool]]) -> None:
        """Have the faces hidden in what is stored of some videos, whatever was asked for when they were submitted."""
        full = [frame for _, frame in self.frames if frame.store is StoreFrames.FULL]
        hidden = (
            {id(frame) for frame, is_veiled in zip(full, veiled(full), strict=True) if is_veiled} if full else set()
        )
        self.frames = [(r, replace(f, store=StoreFrames.BLURRED) if id(f) in hidden else f) for r, f in self.frames]


def place_of(record: Row) -> Place:
    """Where a record stands."""
    return record["topic"], record["partition"], record["offset"]


def letter_of(record: Row, reason: str, kept: StoreFrames | None = None) -> DeadLetter:
    """A record that is set aside, with what is needed to send it again; without its picture if that is not kept.

    `kept` is how frames of its video are kept by now, if that is known.
    """
    headers = tuple((name, record[name]) for name in FRAME_HEADERS if record[name] is not None)
    store = (kept.value if kept else _text(record["store"])) or StoreFrames.FULL.value
    if store == StoreFrames.FULL.value or record["value"] is None:
        return DeadLetter(record["value"], *place_of(record), reason, headers)
    left_out = f"the picture, since the video's frames are stored as {store[:20]!r}"
    return DeadLetter(None, *place_of(record), f"{reason}; left out: {left_out}", headers, left_out)


def _text(value: bytes | None) -> str | None:
    """A header as text; what is no UTF-8 becomes text that no codec accepts."""
    return None if value is None else value.decode("utf-8", "replace")


def records_of(batch: tuple[pd.Series, ...], columns: Sequence[str]) -> list[Row]:
    """The rows of a batch of columns."""
    return [dict(zip(columns, map(_plain, values), strict=True)) for values in zip(*batch, strict=True)]


def _plain(value: Any) -> Any:
    """A cell without pandas' missing values."""
    return value if isinstance(value, (bytes, str, int)) or not pd.isna(value) else None
