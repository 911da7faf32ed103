"""Owns how a file comes to its place: where only short ones have one it is on trial until its length is known."""

import threading
from uuid import UUID

from ingest.halt import Halt, HaltReason
from ingest.places import Places
from pipeline.contracts.videos import SourceKind, Video, VideoStatus
from pipeline.queue import SHORT_FRAMES, expected_frames
from pipeline.stores.sources import SourceFolder
from pipeline.stores.videos import VideoStore

TRIAL_SECONDS = 20.0
"""So long a file on trial may take to come and to say how long it is."""
LONG = SHORT_FRAMES + 1
"""What is said of a file that does not tell its length."""


class Admission:
    """One video's place, from `take` until `leave`. On trial it stays pending, and goes back if it turns out long."""

    def __init__(self, videos: VideoStore, places: Places, halt: Halt, trial_seconds: float = TRIAL_SECONDS) -> None:
        self._videos = videos
        self._places = places
        self._halt = halt
        self._patience = threading.Timer(trial_seconds, halt.raise_flag, (HaltReason.PUT_BACK,))
        self._patience.daemon = True
        self._trial = False

    def take(self, video_id: UUID, frames: float | None) -> None:
        """Have a place; about so many frames are known of, or None."""
        self._trial = self._places.take(video_id, frames)
        if self._trial:
            self._patience.start()

    def begin(self, video_id: UUID) -> None:
        """The work begins; raises StoreError."""
        if not self._trial:
            self._videos.transition(video_id, VideoStatus.PROCESSING)

    def learned(self, video: Video, frames: float | None) -> None:
        """Say how long it is; raises Halted if it loses its place by that, or StoreError."""
        self._patience.cancel()
        self._videos.note_frames(video, LONG if frames is None else frames)
        if not self._places.become(video.video_id, frames):
            self._halt.raise_flag(HaltReason.PUT_BACK)
        self._halt.check()
        if self._trial:
            self._videos.transition(video.video_id, VideoStatus.PROCESSING)

    def leave(self, video_id: UUID) -> None:
        """Have none any more; may be said of one that never had one."""
        self._patience.cancel()
        self._places.leave(video_id)


def put_back(videos: VideoStore, sources: SourceFolder, video: Video) -> None:
    """Leave it to a place for long ones. What was fetched goes: hundreds that wait would fill the disk."""
    frames = expected_frames(video, videos.progress(video.video_id))
    videos.note_frames(video, LONG if frames is None else max(frames, LONG))
    if video.source is not SourceKind.UPLOAD:
        sources.remove(video.video_id)
