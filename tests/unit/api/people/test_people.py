"""Enrolling: one good photo is enough, a bad one is refused with the reason, and nobody is kept half."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from api.services import Services
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.results import Box
from pipeline.portraits.faces import Portrait
from pipeline.stores.people import Person
from tests.unit.api.people.conftest import Enrol
from tests.unit.api.people.portraits import ANNA, BERT, BLURRED, MODEL, NOBODY, PICTURES, SMALL, TWO, by_both
from tests.unit.factories import T0, a_video


def _post(client: TestClient, *photos: bytes, **fields: str) -> tuple[int, str]:
    answer = client.post("/people", data={"name": "Anna", **fields}, files=[("photos", photo) for photo in photos])
    return answer.status_code, answer.text


def test_one_photo_is_enough(client: TestClient, enrol: Enrol, services: Services) -> None:
    anna = enrol(" Anna ", ANNA)
    assert (anna["name"], anna["collection"], len(anna["photos"])) == ("Anna", "default", 1)
    [photo] = anna["photos"]
    assert (photo["face_size"], photo["sharpness"], photo["models"]) == (120, 0.2, [MODEL.digest])
    assert client.get(photo["picture_url"]).content == b"Anna's face"
    assert client.get(f"/people/{anna['person_id']}").json() == anna
    [known] = services.people.vectors("default", MODEL.digest)
    assert (str(known.person_id), known.name) == (anna["person_id"], "Anna")


@pytest.mark.parametrize(
    ("photo", "reason"),
    [
        (NOBODY, "no face was found"),
        (TWO, "2 faces were found"),
        (SMALL, "too small: 20 pixels, 40 are needed"),
        (BLURRED, "too blurred"),
        (b"a text", "no picture"),
    ],
)
def test_a_photo_that_is_not_good_enough_is_refused(
    client: TestClient, services: Services, photo: bytes, reason: str
) -> None:
    answer = client.post("/people", data={"name": "Anna"}, files=[("photos", ANNA), ("photos", photo)])
    assert answer.status_code == 422
    [wrong] = answer.json()["errors"]
    assert (wrong["pointer"], reason in wrong["detail"]) == ("#/photos/1", True), wrong
    assert services.people.count("default") == 0


def test_what_else_is_sent_is_checked(client: TestClient) -> None:
    assert client.post("/people", data={"name": "Anna"}).status_code == 422
    assert _post(client, ANNA, name=" ")[0] == 422
    assert _post(client, ANNA, nickname="A")[0] == 422
    for name, reason in (("Unknown", "strangers are labelled"), ("An\nna", "no line breaks")):
        status, text = _post(client, ANNA, name=name)
        assert (status, reason in text) == (422, True)
    status, text = _post(client, ANNA, collection="guests")
    assert (status, "PUT /people/collections/guests" in text) == (404, True)
    assert _post(client, *[ANNA] * 11)[0] in (400, 422)


def test_without_models_it_says_so(client: TestClient, services: Services) -> None:
    services.portraits.known = {}  # type: ignore[attr-defined]
    status, text = _post(client, ANNA)
    assert (status, "portraits-unavailable" in text) == (503, True)


def test_a_face_of_an_analysed_video(client: TestClient, services: Services) -> None:
    video = a_video()
    services.videos.create(video)
    services.frames.put(video.video_id, 51, ANNA)
    box = {"x": 0.2, "y": 0.2, "width": 0.5, "height": 0.5}
    place = {"videoId": str(video.video_id), "frameNumber": 51, "box": box}
    answer = client.post("/people", json={"name": "Anna", **place})
    assert answer.status_code == 201, answer.text
    [photo] = answer.json()["photos"]
    assert photo["source"] == {"video_id": str(video.video_id), "frame_number": 51, "box": box}
    assert client.post("/people", json={"name": "Anna", **place, "frameNumber": 52}).status_code == 404
    assert client.post("/people", json={"name": "Anna", **place, "videoId": str(uuid4())}).status_code == 404
    assert client.post("/people", json={"name": "Anna"}).status_code == 422
    for content in (b"{", b"[" * 100_000):
        assert client.post("/people", content=content, headers={"content-type": "application/json"}).status_code == 422


def test_a_hidden_face_cannot_be_enrolled(client: TestClient, services: Services) -> None:
    video = replace(a_video(), store_frames=StoreFrames.BLURRED)
    services.videos.create(video)
    services.frames.put(video.video_id, 1, ANNA)
    answer = client.post("/people", json={"name": "Anna", "videoId": str(video.video_id), "frameNumber": 1})
    assert (answer.status_code, "faces hidden" in answer.json()["detail"]) == (404, True)


def test_photos_come_and_go(client: TestClient, enrol: Enrol, services: Services) -> None:
    anna = enrol("Anna", ANNA)
    path = f"/people/{anna['person_id']}/photos"
    added = client.post(path, files=[("photos", BERT)])
    assert (added.status_code, len(added.json()["photos"])) == (201, 2)
    first = anna["photos"][0]["photo_id"]
    left = client.delete(f"{path}/{first}").json()["photos"]
    assert [photo["photo_id"] for photo in left] == [added.json()["photos"][1]["photo_id"]]
    assert client.get(f"{path}/{first}").status_code == 404
    assert len(list(services.people.vectors("default", MODEL.digest))) == 1
    assert client.post(f"/people/{uuid4()}/photos", files=[("photos", BERT)]).status_code == 404


def test_a_person_who_is_deleted_meanwhile_leaves_nothing(
    client: TestClient, enrol: Enrol, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = enrol("Anna", ANNA)
    person_id = UUID(anna["person_id"])
    read = services.portraits.read

    def slowly(picture: bytes, box: Box | None = None) -> Portrait:
        services.people.delete_person(person_id)
        return read(picture, box)

    monkeypatch.setattr(services.portraits, "read", slowly)
    assert client.post(f"/people/{person_id}/photos", files=[("photos", ANNA)]).status_code == 404
    assert services.people.photos(person_id) == []
    assert list(services.people.vectors("default", MODEL.digest)) == []


def test_people_are_listed_in_pages_newest_first(client: TestClient, enrol: Enrol) -> None:
    names = [f"Person {number}" for number in range(5)]
    for name in names:
        enrol(name, ANNA)
    seen, cursor = [], None
    while True:
        page = client.get("/people", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [person["name"] for person in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert sorted(seen) == names
    assert client.get("/people", params={"cursor": "made up"}).status_code == 422
    assert client.get("/people", params={"collection": "guests"}).status_code == 404


def _while_looking(services: Services, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Something happens while a photo is looked at."""
    read = services.portraits.read

    def slowly(picture: bytes, box: Box | None = None) -> Portrait:
        happens()
        return read(picture, box)

    monkeypatch.setattr(services.portraits, "read", slowly)


def test_a_picture_is_not_kept_where_that_was_forbidden_meanwhile(
    client: TestClient, enrol: Enrol, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"purpose": "tests", "keepPhotos": False}
    _while_looking(services, monkeypatch, lambda: client.put("/people/collections/default", json=body))
    [photo] = enrol("Anna", ANNA)["photos"]
    assert photo["picture_url"] is None


def test_nobody_is_left_in_a_collection_that_was_deleted_meanwhile(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    _while_looking(services, monkeypatch, lambda: client.delete("/people/collections/default"))
    status, text = _post(client, ANNA)
    assert (status, "meanwhile" in text or "no collection" in text) == (404, True)
    assert services.people.count("default") == 0
    assert list(services.people.vectors("default", MODEL.digest)) == []


def test_who_is_deleted_while_being_enrolled_leaves_nothing(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = services.people.add_photo

    def then_deleted(person: Person, *what: Any) -> None:
        services.people.delete_person(person.person_id)
        add(person, *what)

    monkeypatch.setattr(services.people, "add_photo", then_deleted)
    assert _post(client, ANNA)[0] == 404
    assert services.people._photos == {}  # type: ignore[attr-defined]


def test_a_photo_that_is_deleted_while_it_is_learnt_stays_deleted(
    client: TestClient, enrol: Enrol, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = enrol("Anna", ANNA)
    services.portraits.known = {k: by_both(v) for k, v in PICTURES.items()}  # type: ignore[attr-defined]
    deleted: list[UUID] = []

    def late(person: Person, photo_id: UUID, vectors: object) -> None:
        client.delete(f"/people/{anna['person_id']}")

    monkeypatch.setattr(services.people, "add_vectors", late)
    monkeypatch.setattr(services.people, "delete_photo", lambda person, photo_id: deleted.append(photo_id))
    assert client.post("/people/collections/default/learn").status_code == 200
    assert [str(photo_id) for photo_id in deleted] == [anna["photos"][0]["photo_id"]]


def test_a_collection_stays_when_somebody_was_enrolled_while_it_was_deleted(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = services.people.delete_collection

    def meanwhile(name: str) -> None:
        services.people.add_person(Person(uuid4(), name, "Anna", T0))
        delete(name)

    monkeypatch.setattr(services.people, "delete_collection", meanwhile)
    assert client.delete("/people/collections/default").status_code == 409
    assert client.get("/people/collections/default").json()["people"] == 1
