"""Owns which face vectors are kept beside rows: those of videos that ask for it, and in which nobody was erased."""

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

import numpy as np

from pipeline.contracts.results import AnalyzedFrame
from pipeline.contracts.videos import Video
from pipeline.stores.faces import FaceVector, unit


def raw_vectors(frames: Iterable[AnalyzedFrame], known: Mapping[UUID, Video]) -> list[FaceVector]:
    """The vectors of the faces that were identified in these frames."""
    return [face for frame in frames if _searched(known.get(frame.video_id)) for face in _faces(frame)]


def _searched(video: Video | None) -> bool:
    asked = video.identification if video is not None and video.veiled_at is None else None
    return asked is not None and asked.search


def _faces(frame: AnalyzedFrame) -> Iterator[FaceVector]:
    for result in frame.results:
        for d in result.detections:
            if d.embedding is not None and d.box is not None:
                vector = unit(np.frombuffer(d.embedding, "<f4"))
                place = (frame.video_id, frame.frame_number, result.model_digest, frame.media_time)
                yield FaceVector(*place, d.box, d.confidence, vector)
