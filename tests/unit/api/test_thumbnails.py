"""The small picture of a video."""

import cv2
import numpy as np
from fastapi.testclient import TestClient

from api.services import Services
from tests.unit.factories import a_video, jpeg


def test_it_is_the_first_stored_frame_made_small(client: TestClient, services: Services) -> None:
    video = a_video()
    services.videos.create(video)
    path = f"/analysis/{video.video_id}/thumbnail"
    assert client.get(path).status_code == 204
    services.frames.put(video.video_id, 2001, jpeg(1280, 720, (0, 0, 250)))
    services.frames.put(video.video_id, 1501, jpeg(1280, 720, (0, 250, 0)))
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    image = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (180, 320, 3)
    assert image[90, 160].argmax() == 1
    again = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_small_picture_is_not_made_larger_nor_a_tall_one_wider(client: TestClient, services: Services) -> None:
    for size, wanted in (((64, 48), (48, 64)), ((720, 1280), (180, 101))):
        video = a_video()
        services.videos.create(video)
        services.frames.put(video.video_id, 1, jpeg(*size))
        content = client.get(f"/analysis/{video.video_id}/thumbnail").content
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        assert image.shape[:2] == wanted


def test_a_damaged_picture_is_none(client: TestClient, services: Services) -> None:
    video = a_video()
    services.videos.create(video)
    services.frames.put(video.video_id, 1, b"\xff\xd8 not a picture")
    assert client.get(f"/analysis/{video.video_id}/thumbnail").status_code == 204
