"""Owns where the newest row of a video stands, for whoever wants events from now on and not from the first."""

from api.events.cursor import EventPlace, Stage
from pipeline.contracts.results import TaskName
from pipeline.contracts.videos import Video
from pipeline.stores.results import ResultStore


def newest_place(results: ResultStore, video: Video) -> EventPlace | None:
    """The place behind all rows of the newest frame that has an outcome; None while there is none."""
    counted = results.summaries(video.video_id)
    known = results.outcomes(video.video_id, counted[-1].bucket) if counted else {}
    return EventPlace(video.attempt_timestamp, Stage.ROWS, max(known), max(TaskName)) if known else None
