"""Searching by face and being forgotten over REST: who is meant, what is answered, and what is refused."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.caller import Caller
from api.erasing.asking import SearchForm
from api.erasing.searching import search
from api.people.sent import Sent
from api.services import Services
from pipeline.contracts.erasures import ErasedFrames, ErasureState, Removed, subject_of
from pipeline.contracts.results import Box
from pipeline.contracts.videos import Video
from pipeline.portraits.faces import EmbeddingModel, Portrait, PortraitFace
from pipeline.portraits.in_memory import KnownPortraits
from pipeline.stores.faces import TrackVector, Vector, unit
from pipeline.stores.keys import Scope
from pipeline.stores.people import Collection, Person, Photo
from tests.unit.factories import T0, a_video

MODEL = EmbeddingModel("mobileface_embed", "cd" * 32, 256, 0.32)
POINTS = ((0.4, 0.4), (0.6, 0.4), (0.5, 0.5), (0.4, 0.6), (0.6, 0.6))


def vector(seed: int) -> Vector:
    return unit(np.random.default_rng(seed).normal(size=256))


def a_face(seed: int) -> PortraitFace:
    return PortraitFace(
        Box(0.2, 0.2, 0.5, 0.5), 0.9, POINTS, 200, 60.0, 1.0, b"", {MODEL.digest: vector(seed).tobytes()}
    )


def portrait(*seeds: int) -> Portrait:
    return Portrait(400, 400, tuple(map(a_face, seeds)), (MODEL,))


@pytest.fixture
def services(services: Services) -> Services:
    known = {b"ada": portrait(1), b"bob": portrait(2), b"wall": portrait(), b"both": portrait(1, 2)}
    services.people.save_collection(Collection("default", "a test", T0))
    return replace(services, portraits=KnownPortraits(known))


@pytest.fixture
def client(services: Services) -> TestClient:
    return TestClient(create_app(services), base_url="http://127.0.0.1", raise_server_exceptions=False)


def enrol(services: Services, name: str, seed: int) -> Person:
    person = Person(uuid4(), "default", name, T0)
    services.people.add_person(person)
    photo = Photo(uuid4(), person.person_id, T0, 200, 60.0, 1.0, kept=True, models=frozenset({MODEL.digest}))
    services.people.add_photo(person, photo, b"picture", {MODEL.digest: vector(seed).tobytes()})
    return person


def track(services: Services, name: str, seed: int, noise: float = 0.0, video: Video | None = None) -> Video:
    video = video or a_video()
    if services.videos.get(video.video_id) is None:
        services.videos.create(video)
    seen = unit(vector(seed) + noise * vector(seed + 100))
    services.faces.save_tracks([TrackVector(video.video_id, name, MODEL.digest, 1.0, 2.5, 17, 9, seen)])
    return video


def post(client: TestClient, path: str, photo: bytes, **form: Any) -> Any:
    return client.post(path, data=form, files={"photos": ("a.jpg", photo)})


def test_a_person_goes_at_once_and_a_receipt_says_how_far_it_is(client: TestClient, services: Services) -> None:
    ada = enrol(services, "Ada", 1)
    answer = client.delete(f"/people/{ada.person_id}")
    assert answer.status_code == 202
    receipt = answer.json()
    assert answer.headers["Location"] == receipt["status_url"]
    assert receipt["state"] == "erasing"
    assert receipt["frames"] == "blur"
    assert (receipt["removed"]["people"], receipt["removed"]["photos"], receipt["removed"]["vectors"]) == (1, 1, 1)
    assert receipt["subjects"] == [subject_of(ada.person_id)]
    assert "Ada" not in answer.text
    assert str(ada.person_id) not in answer.text
    assert services.people.person(ada.person_id) is None
    assert list(services.people.vectors("default", MODEL.digest)) == []
    erasure = services.erasures.get(UUID(receipt["erasure_id"]))
    assert erasure is not None
    brief = services.erasures.brief(erasure.erasure_id)
    assert brief.names == {"Ada"}
    assert brief.faces[0].vector == pytest.approx(vector(1))
    services.erasures.looked(erasure, erasure.after(Removed(rows=3), (), "ab"))
    again = client.get(receipt["status_url"]).json()
    assert (again["removed"]["rows"], again["rounds"], again["state"]) == (3, 1, ErasureState.ERASING)
    assert client.delete(f"/people/{ada.person_id}").status_code == 404


def test_whoever_is_on_a_photo_is_forgotten(client: TestClient, services: Services) -> None:
    ada, bob = enrol(services, "Ada", 1), enrol(services, "Bob", 2)
    receipt = post(client, "/people/erase", b"ada", frames="delete").json()
    assert receipt["removed"]["people"] == 1
    assert services.people.person(ada.person_id) is None
    assert services.people.person(bob.person_id) == bob
    brief = services.erasures.brief(UUID(receipt["erasure_id"]))
    assert brief.person_ids == {ada.person_id}
    assert len(brief.faces) == 2
    stranger = post(client, "/people/erase", b"ada").json()
    assert (stranger["removed"]["people"], stranger["subjects"], stranger["frames"]) == (0, [], "blur")
    brief = services.erasures.brief(UUID(stranger["erasure_id"]))
    assert [(face.model, face.threshold) for face in brief.faces] == [(MODEL.digest, 0.32)]


def test_a_face_that_is_like_two_people_is_not_guessed(client: TestClient, services: Services) -> None:
    people = [enrol(services, "Ada", 1), enrol(services, "Ada's twin", 1)]
    answer = post(client, "/people/erase", b"ada")
    assert answer.status_code == 409
    assert all(str(person.person_id) in answer.json()["detail"] for person in people)
    assert all(services.people.person(person.person_id) for person in people)


def test_the_same_person_in_two_collections_goes_from_both(client: TestClient, services: Services) -> None:
    services.people.save_collection(Collection("door", "who may come in", T0))
    enrol(services, "Ada", 1)
    other = Person(uuid4(), "door", "Ada", T0)
    services.people.add_person(other)
    photo = Photo(uuid4(), other.person_id, T0, 200, 60.0, 1.0, kept=False, models=frozenset({MODEL.digest}))
    services.people.add_photo(other, photo, None, {MODEL.digest: vector(1).tobytes()})
    assert post(client, "/people/erase", b"ada").json()["removed"]["people"] == 2


@pytest.mark.parametrize("path", ["/people/search", "/people/erase"])
@pytest.mark.parametrize(
    ("photo", "said"),
    [(b"wall", "no face"), (b"both", "2 faces"), (b"garbage", "picture"), (None, "one photo at least is needed")],
)
def test_photos_that_say_nothing_are_refused(client: TestClient, path: str, photo: bytes | None, said: str) -> None:
    answer = client.post(
        path, data={"x": "y"} if photo is None else {}, files={"photos": photo} if photo else {"other": b"x"}
    )
    assert answer.status_code == 422
    assert said in answer.text


def test_a_form_with_other_fields_is_refused(client: TestClient) -> None:
    answer = post(client, "/people/search", b"ada", limit="0", wrong="1")
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"#/limit", "#/wrong"}


def test_the_best_come_first_and_others_not_at_all(client: TestClient, services: Services) -> None:
    street = track(services, "f5-1", 1, noise=0.5)
    track(services, "f9-1", 1, video=street)
    track(services, "f9-2", 2, video=street)
    answer = post(client, "/people/search", b"ada")
    assert answer.status_code == 200
    found = answer.json()
    assert [item["track_id"] for item in found["items"]] == ["f9-1", "f5-1"]
    assert found["items"][0] == {
        "video_id": str(street.video_id),
        "video_name": street.video_name,
        "track_id": "f9-1",
        "similarity": 1.0,
        "from": 1.0,
        "to": 2.5,
        "faces": 9,
        "best_frame": 17,
        "picture_url": f"/analysis/{street.video_id}/tracks/f9-1/picture",
        "frame_url": f"/analysis/{street.video_id}/frame/17",
    }
    assert (found["model"], found["threshold"], found["next_offset"]) == (MODEL.digest, 0.32, None)
    assert len(post(client, "/people/search", b"ada", minSimilarity="-1").json()["items"]) == 3
    assert len(post(client, "/people/search", b"ada", minSimilarity="0.99").json()["items"]) == 1


def test_a_model_whose_vectors_are_not_kept_is_not_asked(client: TestClient, services: Services) -> None:
    other = EmbeddingModel("arcface", "ef" * 32, 512, 0.4)
    vectors = {other.digest: unit(np.ones(512)).tobytes(), MODEL.digest: vector(1).tobytes()}
    picture = Portrait(400, 400, (replace(a_face(1), vectors=vectors),), (other, MODEL))
    services.portraits.known = {b"ada": picture}  # type: ignore[attr-defined]
    track(services, "f1-1", 1)
    found = post(client, "/people/search", b"ada").json()
    assert (found["model"], len(found["items"])) == (MODEL.digest, 1)
    services.portraits.known = {b"ada": replace(picture, models=(other,))}  # type: ignore[attr-defined]
    nothing = post(client, "/people/search", b"ada").json()
    assert (nothing["model"], nothing["items"]) == (None, [])


def test_pages_of_a_search(client: TestClient, services: Services) -> None:
    for n in range(5):
        track(services, f"f{n + 1}-1", 1, noise=n / 10)
    offset: int | None = 0
    seen: list[str] = []
    while offset is not None:
        page = post(client, "/people/search", b"ada", limit="2", offset=str(offset)).json()
        seen += [item["track_id"] for item in page["items"]]
        offset = page["next_offset"]
    assert seen == [f"f{n + 1}-1" for n in range(5)]


def test_what_others_submitted_does_not_hide_what_is_ones_own(services: Services) -> None:
    mine, theirs = (replace(a_video(), key_id=key) for key in ("me", "them"))
    for n in range(40):
        track(services, f"f{n + 1}-1", 1, noise=n / 100, video=theirs)
    track(services, "f99-1", 1, noise=0.9, video=mine)
    sent, me = Sent((b"ada",)), Caller("me", frozenset({Scope.SUBMIT}))
    found = search(services, me, sent, SearchForm(limit=5))
    assert [(item.video_id, item.track_id) for item in found.items] == [(mine.video_id, "f99-1")]
    assert found.next_offset is None


def test_videos_that_are_gone_are_not_found(client: TestClient, services: Services) -> None:
    services.faces.save_tracks([TrackVector(uuid4(), "f1-1", MODEL.digest, 1.0, 2.0, 3, 4, vector(1))])
    assert post(client, "/people/search", b"ada").json()["items"] == []


def test_an_erasure_that_is_not_known(client: TestClient) -> None:
    assert client.get(f"/people/erasures/{uuid4()}").status_code == 404


def test_frames_that_stay_are_said(client: TestClient, services: Services) -> None:
    ada = enrol(services, "Ada", 1)
    receipt = client.delete(f"/people/{ada.person_id}", params={"frames": "keep"}).json()
    assert receipt["frames"] == ErasedFrames.KEEP
    assert "they were to be kept" in receipt["not_promised"][0]
    assert client.delete(f"/people/{ada.person_id}", params={"frame": "keep"}).status_code == 422


def test_a_video_says_that_its_faces_are_hidden(client: TestClient, services: Services) -> None:
    video = track(services, "f1-1", 1)
    assert client.get(f"/analysis/{video.video_id}").json()["warnings"] == []
    services.videos.veil(video.video_id)
    [warning] = client.get(f"/analysis/{video.video_id}").json()["warnings"]
    assert "all faces are hidden" in warning
