"""Which vectors are kept beside rows: those of videos that ask for it, unless somebody was erased."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.contracts.results import Box, Detection, Identification, TaskName, TaskRequest
from pipeline.contracts.videos import Video
from spark_jobs.face_vectors import raw_vectors
from tests.unit.factories import T0, a_result, a_video, analyzed

VECTOR = np.eye(256, dtype="<f4")[3] * 2
BOX = Box(0.1, 0.1, 0.2, 0.2)


def a_search(search: bool = True) -> Video:
    asked = TaskRequest(TaskName.IDENTITIES, identification=Identification("a test", search=search))
    return replace(a_video(), tasks=(asked,))


def test_every_face_with_an_embedding_is_kept() -> None:
    video = a_search()
    faces = [
        Detection("Ada", 0.7, BOX, embedding=VECTOR.tobytes()),
        Detection("unknown", 0.0, replace(BOX, x=0.5), embedding=VECTOR.tobytes()),
        Detection("unknown", 0.0, replace(BOX, x=0.7)),
    ]
    frame = analyzed(video.video_id, 7, a_result(faces, TaskName.IDENTITIES), a_result([Detection("dog", 1.0, BOX)]))
    found = raw_vectors([frame], {video.video_id: video})
    assert [(face.frame_number, face.box.x, face.model) for face in found] == [(7, 0.1, "ab" * 32), (7, 0.5, "ab" * 32)]
    assert np.array_equal(found[0].vector, VECTOR / 2)
    assert [face.media_time for face in found] == [0.6, 0.6]


@pytest.mark.parametrize("video", [a_search(search=False), a_video(), replace(a_search(), veiled_at=T0), None])
def test_nothing_is_kept_unasked(video: Video | None) -> None:
    known = {video.video_id: video} if video else {}
    frame = analyzed(
        video.video_id if video else a_video().video_id,
        7,
        a_result([Detection("Ada", 0.7, BOX, embedding=VECTOR.tobytes())]),
    )
    assert raw_vectors([frame], known) == []
