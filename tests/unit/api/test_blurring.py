"""Frames with their faces blurred, and frames that are not kept."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.services import Services
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.results import (
    Box,
    Detection,
    FrameResult,
    Identification,
    ModelInfo,
    TaskName,
    TaskRequest,
)
from pipeline.contracts.videos import Video
from pipeline.pictures import Image, decode, encode, hide
from tests.unit.factories import T0, a_result, a_video, analyzed, dog

FACE = Box(0.25, 0.25, 0.5, 0.5)
HIGH = Box(0.0, 0.0, 0.1, 0.1)
FACES = TaskRequest(TaskName.FACES)


def noise() -> bytes:
    return encode(np.random.default_rng(5).integers(0, 256, (96, 128, 3), np.uint8))


@pytest.fixture(autouse=True)
def faces_model(services: Services) -> None:
    """The model of the workers, which sees faces from 0.8 on."""
    services.models.save([ModelInfo(TaskName.FACES, "yunet_n", "ab", "onnx", ("face",), "MIT", 0.8, T0)])


def analysed(
    services: Services,
    *results: FrameResult,
    tasks: Sequence[TaskRequest] = (FACES,),
    store: StoreFrames = StoreFrames.FULL,
) -> str:
    """The path of the only frame of a video with these results."""
    video = replace(a_video(), tasks=tuple(tasks), store_frames=store)
    services.videos.create(video)
    services.frames.put(video.video_id, 1, noise())
    services.results.save([analyzed(video.video_id, 1, *results)], {video.video_id: 1})
    return f"/analysis/{video.video_id}/frame/1"


def face(*boxes: Box, task: TaskName = TaskName.FACES, error: str | None = None) -> FrameResult:
    return a_result([Detection("face", 0.9, box) for box in boxes], task, error)


def shown(client: TestClient, path: str, **params: str) -> Image:
    answer = client.get(path, params=params)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg"), answer.text
    return decode(answer.content)


def test_faces_are_hidden_and_the_rest_is_as_it_was(client: TestClient, services: Services) -> None:
    path = analysed(services, face(FACE))
    blurred = shown(client, path, blur="faces", annotate="false")
    wanted = hide(decode(noise()), [FACE])
    assert float(cv2.absdiff(blurred, wanted).mean()) < 12
    assert float(cv2.absdiff(blurred[40:56, 52:76], decode(noise())[40:56, 52:76]).mean()) > 30


def test_blurring_and_drawing_go_together(client: TestClient, services: Services) -> None:
    path = analysed(services, face(FACE), a_result([dog()]), tasks=[FACES, TaskRequest(TaskName.OBJECTS)])
    drawn = shown(client, path, blur="faces", tasks="objects_detection")
    assert drawn[30:40, 32, 1].mean() > drawn[30:40, 40, 1].mean() + 20
    assert float(cv2.absdiff(drawn[40:56, 52:76], decode(noise())[40:56, 52:76]).mean()) > 30


def test_the_faces_of_emotions_are_hidden_too_and_no_filter_shows_any(client: TestClient, services: Services) -> None:
    emotion = face(FACE, task=TaskName.EMOTIONS)
    path = analysed(services, face(HIGH), emotion, tasks=[FACES, TaskRequest(TaskName.EMOTIONS)])
    blurred = shown(client, path, blur="faces", min_confidence="1", annotate="false")
    wanted = hide(decode(noise()), [HIGH, FACE])
    assert float(cv2.absdiff(blurred, wanted).mean()) < 12


def test_what_is_drawn_and_what_is_hidden_have_tags_of_their_own(client: TestClient, services: Services) -> None:
    path = analysed(services, face(FACE))
    queries = [{}, {"blur": "faces"}, {"annotate": "false"}, {"annotate": "false", "blur": "faces"}]
    tags = {client.get(path, params=query).headers["etag"] for query in queries}
    assert len(tags) == 4
    tag = client.get(path, params={"blur": "faces"}).headers["etag"]
    assert client.get(path, params={"blur": "faces"}, headers={"if-none-match": tag}).status_code == 304
    assert client.get(path, headers={"if-none-match": tag}).status_code == 200


def test_a_frame_without_faces_is_as_it_was(client: TestClient, services: Services) -> None:
    path = analysed(services, face())
    assert client.get(path, params={"blur": "faces"}).content == noise()


@pytest.mark.parametrize(
    ("tasks", "results", "said"),
    [
        ([TaskRequest(TaskName.OBJECTS)], [a_result()], "not looked for"),
        ([TaskRequest(TaskName.EMOTIONS)], [face(FACE, task=TaskName.EMOTIONS)], "not looked for"),
        ([FACES], [face(error="the model raised")], "failed"),
        ([FACES], [a_result()], "not known yet"),
        ([TaskRequest(TaskName.FACES, 0.9)], [face()], "surer than 0.9"),
    ],
)
def test_no_picture_where_faces_are_not_known(
    client: TestClient, services: Services, tasks: list[TaskRequest], results: list[FrameResult], said: str
) -> None:
    path = analysed(services, *results, tasks=tasks)
    answer = client.get(path, params={"blur": "faces"})
    assert (answer.status_code, answer.json()["type"]) == (409, "conflict")
    assert said in answer.json()["detail"]
    assert client.get(path).status_code == 200


def test_a_lower_threshold_hides_more_and_is_fine(client: TestClient, services: Services) -> None:
    path = analysed(services, face(FACE), tasks=[TaskRequest(TaskName.FACES, 0.3)])
    assert client.get(path, params={"blur": "faces"}).status_code == 200


def test_what_was_stored_blurred_is_shown(client: TestClient, services: Services) -> None:
    path = analysed(services, a_result(), tasks=[TaskRequest(TaskName.OBJECTS)], store=StoreFrames.BLURRED)
    assert client.get(path, params={"blur": "faces"}).content == noise()


@pytest.mark.parametrize("query", ["blur=plates", "blur=", "blur=faces&blur=faces&x=1"])
def test_other_values_are_refused(client: TestClient, services: Services, query: str) -> None:
    assert client.get(f"{analysed(services, face())}?{query}").status_code == 422


@pytest.mark.parametrize(
    ("store", "said"), [(StoreFrames.NONE, "storeFrames none"), (StoreFrames.BLURRED, "could not be blurred")]
)
def test_a_frame_that_is_not_kept_says_why(
    client: TestClient, services: Services, store: StoreFrames, said: str
) -> None:
    path = analysed(services, face(), store=store)
    services.frames.delete(_video(services).video_id, [1])
    answer = client.get(path)
    assert answer.status_code == 404
    assert said in answer.json()["detail"]


def test_a_damaged_picture_is_a_problem_and_no_error(client: TestClient, services: Services) -> None:
    path = analysed(services, face(FACE))
    services.frames.put(_video(services).video_id, 1, b"damaged")
    for params in ({}, {"blur": "faces"}):
        answer = client.get(path, params=params)
        assert (answer.status_code, answer.json()["type"]) == (404, "not-found")


def _video(services: Services) -> Video:
    video = services.videos.get(services.videos.open_videos()[0])
    assert video is not None
    return video


def test_faces_that_were_compared_with_people_can_be_hidden_too(client: TestClient, services: Services) -> None:
    identities = TaskRequest(TaskName.IDENTITIES, identification=Identification("a test"))
    path = analysed(services, face(FACE, task=TaskName.IDENTITIES), tasks=[identities])
    blurred = shown(client, path, blur="faces", annotate="false")
    assert float(cv2.absdiff(blurred, hide(decode(noise()), [FACE])).mean()) < 12
    unknown = analysed(services, face(task=TaskName.IDENTITIES, error="no model"), tasks=[identities])
    assert client.get(unknown, params={"blur": "faces"}).status_code == 409
