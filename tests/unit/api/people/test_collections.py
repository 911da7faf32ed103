"""Collections: none without a purpose, photos kept or not, and people learnt again by a new model."""

from fastapi.testclient import TestClient

from api.services import Services
from tests.unit.api.people.conftest import Enrol
from tests.unit.api.people.portraits import ANNA, BERT, MODEL, NEWER, PICTURES, by_both


def test_a_purpose_is_needed(client: TestClient) -> None:
    assert client.put("/people/collections/guests", json={}).status_code == 422
    assert client.put("/people/collections/guests", json={"purpose": " "}).status_code == 422
    assert client.put("/people/collections/No Name", json={"purpose": "tests"}).status_code == 422
    assert client.get("/people/collections/guests").status_code == 404


def test_a_collection_is_made_changed_and_removed(client: TestClient, enrol: Enrol) -> None:
    body = {"purpose": "who visits", "retentionDays": 30, "keepPhotos": False}
    made = client.put("/people/collections/guests", json=body)
    assert (made.status_code, made.json()["retention_days"], made.json()["people"]) == (201, 30, 0)
    changed = client.put("/people/collections/guests", json={"purpose": "who comes", "keepPhotos": False})
    assert (changed.status_code, changed.json()["purpose"]) == (200, "who comes")
    assert changed.json()["created_at"] == made.json()["created_at"]
    assert [c["name"] for c in client.get("/people/collections").json()["items"]] == ["default", "guests"]
    enrol("Anna", ANNA, collection="guests")
    refused = client.delete("/people/collections/guests")
    assert (refused.status_code, "1 people" in refused.json()["detail"]) == (409, True)
    assert client.delete("/people/collections/default").status_code == 204
    assert client.get("/people/collections/default").status_code == 404


def test_photos_are_kept_only_where_that_is_wanted(client: TestClient, enrol: Enrol, services: Services) -> None:
    kept = enrol("Anna", ANNA)["photos"][0]["picture_url"]
    assert client.get(kept).status_code == 200
    client.put("/people/collections/default", json={"purpose": "tests", "keepPhotos": False})
    assert client.get(kept).status_code == 404
    [photo] = enrol("Bert", BERT)["photos"]
    assert photo["picture_url"] is None
    assert len(list(services.people.vectors("default", MODEL.digest))) == 2


def test_kept_photos_are_learnt_by_a_new_model(client: TestClient, enrol: Enrol, services: Services) -> None:
    enrol("Anna", ANNA)
    client.put("/people/collections/default", json={"purpose": "tests", "keepPhotos": False})
    enrol("Bert", BERT)
    client.put("/people/collections/default", json={"purpose": "tests"})
    enrol("Anna again", ANNA)
    learnt = client.post("/people/collections/default/learn").json()
    assert learnt == {"embedded": 0, "remaining": 0, "without_picture": 0, "failed": 0}
    services.portraits.known = {k: by_both(v) for k, v in PICTURES.items()}  # type: ignore[attr-defined]
    learnt = client.post("/people/collections/default/learn").json()
    assert learnt == {"embedded": 1, "remaining": 0, "without_picture": 2, "failed": 0}
    assert [known.name for known in services.people.vectors("default", NEWER.digest)] == ["Anna again"]
    assert client.post("/people/collections/guests/learn").status_code == 404
