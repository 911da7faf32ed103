"""Owns deleting a video: in any state, beside those who work on it, interrupted or not, and for good.

The tombstone comes first and says that it has gone; the row goes next, with which everybody at work on it stops. What
is written late all the same is wiped by whoever looks again later.
"""

import time
from uuid import UUID

from pipeline.clearing import Stores, wipe
from pipeline.contracts.errors import Conflict, NotFound
from pipeline.contracts.videos import SourceProgress
from pipeline.stores.deletions import Deletion, DeletionStore
from pipeline.stores.videos import Listing

BUCKETS_AHEAD = 2
"""So many buckets ingest may have begun without having written it down."""
TRIES = 20
"""A video may change between being read and being deleted, but not for ever."""


def delete(stores: Stores, deletions: DeletionStore, video_id: UUID) -> None:
    """Delete a video and all that hangs on it; one that was deleted before is wiped again.

    Raises NotFound for one that never was, and StoreError: what is not done then is done by who looks again.
    """
    deletion = _remove_row(stores, deletions, video_id)
    wipe(stores, video_id, time.time_ns() // 1000, BUCKETS_AHEAD)
    stores.videos.unlist(Listing(video_id, deletion.created_at))
    if deletion.finished_at is not None:
        stores.videos.unlist(Listing(video_id, deletion.finished_at, deletion.status))


def _remove_row(stores: Stores, deletions: DeletionStore, video_id: UUID) -> Deletion:
    for _ in range(TRIES):
        if (video := stores.videos.get(video_id)) is None:
            break
        deletion = deletions.enter(video)
        if stores.videos.delete(video):
            return deletion
    else:
        raise Conflict(f"video {video_id} changes all the time; delete it again")
    known = deletions.get(video_id)
    if known is None:
        raise NotFound(f"there is no video {video_id}")
    return known


def remains(stores: Stores, video_id: UUID) -> bool:
    """Whether anything hangs on a video: its row, rows of frames, files."""
    return bool(
        stores.videos.get(video_id) is not None
        or stores.results.summaries(video_id)
        or stores.videos.sampled_buckets(video_id)
        or stores.videos.progress(video_id) != SourceProgress()
        or stores.frames.buckets(video_id)
        or stores.sources.path(video_id).parent.exists()
    )
