"""Who it is, through the whole stack: people are enrolled while workers run, and named in the next video."""

from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import pytest

from tests.e2e.service import Service

pytestmark = pytest.mark.slow

COLLECTION = "identities-trial"
TASK = "faces_identification"
ASKED = f'{{"purpose": "a trial of names", "collections": ["{COLLECTION}"]}}'
UNKNOWN = "unknown"


@pytest.fixture(scope="module")
def ident(media: Path, models: dict[str, Any], service: Service) -> Path:
    """The clips of people, and a collection for them."""
    made = service.http.put(f"/people/collections/{COLLECTION}", json={"purpose": "a trial of names"})
    assert made.status_code == 201, made.text
    return media / "ident"


def _still(clip: Path, number: int) -> bytes:
    video = cv2.VideoCapture(str(clip))
    video.set(cv2.CAP_PROP_POS_FRAMES, number)
    read, image = video.read()
    assert read
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()


def _enrol(service: Service, name: str, photo: bytes) -> str:
    form = {"name": name, "collection": COLLECTION}
    answer = service.http.post("/people", data=form, files={"photos": ("a.jpg", photo)}, timeout=300)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["person_id"])


def _faces(service: Service, clip: Path, step: int = 4) -> tuple[str, list[dict[str, Any]]]:
    """The path of the video that a clip becomes, and every face found in it."""
    path = service.upload(clip, modelsToRun=TASK, frameStep=str(step), identification=ASKED)
    video = service.completed(path)
    assert video["identification"]["purpose"] == "a trial of names"
    return path, [face for faces in service.by_frame(path, TASK).values() for face in faces]


def test_who_is_enrolled_is_named_in_the_next_video_and_nobody_else(service: Service, ident: Path) -> None:
    anna = _enrol(service, "Signer A", _still(ident / "signerA_again.mkv", 40))
    path, faces = _faces(service, ident / "signerA_no.mkv")
    names = Counter((face["label"], face.get("person_id")) for face in faces)
    assert names[("Signer A", anna)] >= 0.9 * len(faces) > 0, names
    assert {face["confidence"] for face in faces} <= {face["attributes"]["similarity"] for face in faces}

    # Nobody has said who she is yet: her clip is unknown, and she is enrolled from it.
    clip, faces = _faces(service, ident / "signerC_book.mkv", step=10)
    assert {face["label"] for face in faces} == {UNKNOWN}
    assert all("person_id" not in face for face in faces)
    frame, [face] = next(iter(service.by_frame(clip, TASK).items()))
    place = {"videoId": clip.rpartition("/")[2], "frameNumber": frame, "box": face["box"]}
    body = {"name": "Signer C", "collection": COLLECTION, **place}
    answer = service.http.post("/people", json=body, timeout=300)
    assert answer.status_code == 201, answer.text
    cleo = answer.json()
    assert cleo["photos"][0]["source"]["frame_number"] == frame
    picture = service.http.get(cleo["photos"][0]["picture_url"])
    assert picture.headers["content-type"] == "image/jpeg"

    # The workers have been running all the while.
    _, faces = _faces(service, ident / "signerC_learn.mkv")
    labels = Counter(face["label"] for face in faces if face["attributes"]["frontality"] >= 0.5)
    assert labels["Signer C"] >= 0.9 * labels.total() > 0, labels
    assert labels["Signer A"] == 0

    # A picture of the frame shows the name, and an export has whose it is.
    drawn = service.http.get(f"{path}/frame/1", params={"tasks": TASK})
    plain = service.http.get(f"{path}/frame/1", params={"annotate": "false"})
    assert drawn.status_code == 200
    assert drawn.content != plain.content
    assert anna in service.http.get(f"{path}/results", params={"format": "csv"}).text


def test_photos_that_are_not_good_enough_are_refused(service: Service, ident: Path, media: Path) -> None:
    obama = cv2.imread(str(ident / "obama.jpg"))
    assert obama is not None
    blurred = cv2.GaussianBlur(obama, (0, 0), 16)
    photos = {
        "no face": (media / "photos" / "dog.jpg").read_bytes(),
        "too blurred": cv2.imencode(".jpg", blurred)[1].tobytes(),
        "too small": cv2.imencode(".png", cv2.resize(obama, (90, 112)))[1].tobytes(),
        "3 faces": _still(media / "video" / "face-demographics-walking-and-pause_fromgif.mp4", 40),
        "no JPEG": b"a text",
    }
    form = {"name": "Somebody", "collection": COLLECTION}
    for reason, photo in photos.items():
        answer = service.http.post("/people", data=form, files={"photos": ("a.jpg", photo)}, timeout=300)
        assert answer.status_code == 422, (reason, answer.text)
        assert reason in answer.json()["errors"][0]["detail"], answer.text
