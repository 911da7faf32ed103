"""Owns which rows of results are asked for, where each stands, and pages of them."""

from dataclasses import dataclass, replace

from pipeline.contracts.results import Detection, ResultRow, ResultStatus, TaskName


@dataclass(frozen=True, slots=True)
class ResultQuery:
    """Which rows are wanted; `None` leaves a field open.

    Times are seconds of media time; the ends of ranges are included. With `label` or `min_confidence` a row
    holds only the detections that match, and rows without any are left out.
    """

    tasks: frozenset[TaskName] | None = None
    model: str | None = None
    label: str | None = None
    min_confidence: float | None = None
    time_from: float | None = None
    time_to: float | None = None
    frame_from: int | None = None
    frame_to: int | None = None

    def narrow(self, row: ResultRow) -> ResultRow | None:
        """The row with the detections that match, or None if it is not wanted."""
        if not self._wanted(row):
            return None
        if self.label is None and self.min_confidence is None:
            return row
        found = tuple(d for d in row.detections if self._matches(d))
        return replace(row, detections=found) if found else None

    def _wanted(self, row: ResultRow) -> bool:
        return (
            (self.tasks is None or row.task in self.tasks)
            and (self.model is None or row.model == self.model)
            and _within(row.media_time, self.time_from, self.time_to)
            and _within(row.frame_number, self.frame_from, self.frame_to)
        )

    def _matches(self, detection: Detection) -> bool:
        return (self.label is None or detection.label == self.label) and (
            self.min_confidence is None or detection.confidence >= self.min_confidence
        )


def _within(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


@dataclass(frozen=True, slots=True, order=True)
class RowPlace:
    """Where a row stands in a video's results: by frame number, then by task."""

    frame_number: int
    task: str


@dataclass(frozen=True, slots=True)
class ResultPage:
    """Rows in order, and where to go on; `next` is None at the end of what is stored."""

    rows: tuple[ResultRow, ...]
    next: RowPlace | None


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """A row, and the write timestamp that it carries."""

    row: ResultRow
    write_timestamp: int

    @property
    def attempt_timestamp(self) -> int:
        """Of the attempt that wrote it, see `write_timestamp`."""
        return self.write_timestamp + (self.row.status is ResultStatus.FAILED)
