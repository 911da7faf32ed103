"""Owns what each worker did when, read from what the workers wrote: for which share of a while it was at work."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from pipeline.cassandra.client import CassandraClient
from pipeline.contracts.frames import bucket_of

TIMES = "SELECT frame_number, started_at, finished_at FROM ledger WHERE video_id = ? AND bucket = ?"
WORKERS = "SELECT frame_number, worker FROM results WHERE video_id = ? AND bucket = ?"


@dataclass(frozen=True, slots=True, order=True)
class Stint:
    """Frames that one worker had in hand together, from one second since 1970 to another."""

    began: float
    ended: float
    worker: str


def stints(store: CassandraClient, video_ids: Iterable[UUID], frames: int) -> set[Stint]:
    """Those of all frames of the videos, which have at most so many."""
    found = set()
    for video_id in video_ids:
        for bucket in range(bucket_of(frames) + 1):
            place = (video_id, bucket)
            workers = {row.frame_number: row.worker for row in store.rows(WORKERS, place)}
            for row in store.rows(TIMES, place):
                if row.frame_number in workers:
                    found.add(Stint(_at(row.started_at), _at(row.finished_at), workers[row.frame_number]))
    return found


def finished(store: CassandraClient, video_ids: Iterable[UUID], frames: int) -> list[float]:
    """When each frame of the videos was done, in order."""
    places = [(video_id, bucket) for video_id in video_ids for bucket in range(bucket_of(frames) + 1)]
    return sorted(_at(row.finished_at) for place in places for row in store.rows(TIMES, place))


def shares(done: Iterable[Stint], began: float, ended: float) -> dict[str, float]:
    """Of each worker that had anything to do in that while, the share of it in which it was at work."""
    spent: dict[str, float] = defaultdict(float)
    until: dict[str, float] = defaultdict(lambda: began)
    for stint in sorted(done):
        first, last = max(stint.began, until[stint.worker]), min(stint.ended, ended)
        if last > first:
            spent[stint.worker] += last - first
            until[stint.worker] = last
    return {worker: seconds / (ended - began) for worker, seconds in spent.items()}


def _at(moment: datetime) -> float:
    return moment.replace(tzinfo=UTC).timestamp()
