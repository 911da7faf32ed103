"""Owns which video is worked on next."""

from collections.abc import Collection
from uuid import UUID

from ingest.job import SERVED
from pipeline.contracts.videos import Video
from pipeline.result_store import ResultStore, count
from pipeline.video_store import VideoStore


class WaitingVideos:
    """Finds open videos whose source is still to be read, oldest first.

    None is given while the videos that wait for analysis have `most_frames` frames or more without an outcome:
    hundreds of short videos must not fill the topic. For one thread.
    """

    def __init__(self, videos: VideoStore, results: ResultStore, most_frames: int) -> None:
        self._videos = videos
        self._results = results
        self._most_frames = most_frames
        self._not_ours: set[UUID] = set()

    def find(self, limit: int, running: Collection[UUID]) -> list[Video]:
        """At most `limit` videos that are not `running`; raises StoreUnavailable."""
        open_ids = self._videos.open_videos()
        self._not_ours &= set(open_ids)
        found: list[Video] = []
        waiting = 0
        for video_id in open_ids:
            if len(found) >= limit or waiting >= self._most_frames:
                break
            if video_id in running or video_id in self._not_ours:
                continue
            video = self._videos.get(video_id)
            if video is None or video.status.terminal:
                continue
            if video.source not in SERVED:
                self._not_ours.add(video_id)
            elif video.frames_expected is not None:
                waiting += max(0, video.frames_expected - count(self._results, video_id).total)
            elif self._videos.leaseholder(video_id) is None:
                found.append(video)
        return found
