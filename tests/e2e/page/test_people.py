"""The page of people in a real browser, with real photos: collections, enrolment, refusals, search, being forgotten."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, repeat
from pathlib import Path
from uuid import uuid4

import httpx
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from pipeline.contracts.videos import Video
from pipeline.stores.faces import TrackVector
from pipeline.stores.people import Person, Photo
from tests.e2e.browser import Visitor
from tests.e2e.page.camera import pictures
from tests.e2e.page.known import EILEEN, WALKED, Shelf, unknown
from tests.e2e.page.test_followed import spot
from tests.e2e.page.test_video import at
from tests.e2e.service import Service

LOOKED_AT_MS = 40_000
"""Models are loaded for the first photo."""
PURPOSE = "who comes to our meetings"
pytestmark = pytest.mark.usefixtures("nobody")


@pytest.fixture
def collection(service: Service) -> str:
    made = service.http.put("/people/collections/default", json={"purpose": PURPOSE})
    assert made.status_code == 201, made.text
    return "default"


@pytest.fixture
def photos(media: Path, service: Service, collection: str) -> Path:
    """The folder of photos; skips where nobody can look at them."""
    answer = enrolled(service, media / "photos" / "grace_hopper.jpg", "A trial")
    if answer.status_code == 503:
        pytest.skip(f"no photo can be looked at: {answer.json()['detail']}")
    assert answer.status_code == 201, answer.text
    service.http.delete(f"/people/{answer.json()['person_id']}").raise_for_status()
    return media / "photos"


def enrolled(service: Service, photo: Path, name: str) -> httpx.Response:
    return service.http.post("/people", data={"name": name}, files=[("photos", photo.read_bytes())])


def dialog(page: Page, name: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("dialog", name=name)


def person(page: Page, name: str) -> Locator:
    listed = page.get_by_role("list", name="People", exact=True).get_by_role("listitem")
    return listed.filter(has=page.get_by_role("heading", name=name, exact=True))


def test_a_collection_needs_a_purpose_and_is_changed_and_deleted(visitor: Visitor, service: Service) -> None:
    visitor.expects("^422 PUT /people/collections/", "^409 DELETE /people/collections/")
    page = visitor.open("/identities")
    expect(page.get_by_text("There is no collection, so nobody is identified.")).to_be_visible()
    expect(page.get_by_role("button", name="Add a person")).to_be_hidden()
    page.get_by_role("button", name="New collection").press("Enter")
    form = dialog(page, "A new collection")
    expect(form.get_by_label("Name")).to_have_value("default")
    form.get_by_role("button", name="Make it").click()
    assert form.get_by_label("Purpose").evaluate("field => field.validity.valueMissing")
    form.get_by_label("Purpose").fill("     ")
    form.get_by_role("button", name="Make it").click()
    expect(form.get_by_role("alert")).to_contain_text("at least 3 characters")
    form.get_by_label("Purpose").fill(PURPOSE)
    form.get_by_label("Days that people stay").fill("30")
    form.get_by_label("Keep their photos").uncheck()
    form.get_by_role("button", name="Make it").click()
    expect(form).to_have_count(0)
    card = page.get_by_role("list", name="Collections").get_by_role("listitem")
    expect(card).to_contain_text(PURPOSE)
    expect(card).to_contain_text("30 days")
    expect(card).to_contain_text("are not kept")
    expect(page.get_by_text("Nobody yet.")).to_be_visible()
    made = service.http.get("/people/collections/default").json()
    assert (made["purpose"], made["retention_days"], made["keep_photos"]) == (PURPOSE, 30, False)
    card.get_by_role("button", name="Change: default").click()
    dialog(page, "Change “default”").get_by_label("Days that people stay").fill("")
    page.keyboard.press("Enter")
    expect(card).to_contain_text("until deleted")
    card.get_by_role("button", name="Delete: default").click()
    dialog(page, "Delete “default”?").get_by_role("button", name="Delete").click()
    expect(card).to_have_count(0)
    assert service.http.get("/people/collections").json() == {"items": []}


def test_a_person_is_added_and_bad_photos_are_refused_with_reasons(
    visitor: Visitor, service: Service, photos: Path
) -> None:
    visitor.expects("^422 POST /people")
    page = visitor.open("/identities")
    page.get_by_role("button", name="Add a person").click()
    form = dialog(page, "Add a person")
    form.get_by_label("Name").fill("Grace <b>Hopper</b>")
    form.get_by_label("Photos").set_input_files([photos / "grace_hopper.jpg", photos / "cat_chelsea.png"])
    form.get_by_role("button", name="Add", exact=True).click()
    refused = form.get_by_role("alert")
    expect(refused).to_contain_text("cat_chelsea.png: no face was found", timeout=LOOKED_AT_MS)
    expect(refused).not_to_contain_text("grace_hopper.jpg")
    form.get_by_label("Photos").set_input_files(photos / "grace_hopper.jpg")
    form.get_by_role("button", name="Add", exact=True).press("Enter")
    grace = person(page, "Grace <b>Hopper</b>")
    expect(grace).to_be_visible(timeout=LOOKED_AT_MS)
    expect(grace.locator("img").first).to_have_js_property("complete", True)
    assert grace.locator("img").first.evaluate("img => img.naturalWidth") > 0
    grace.get_by_role("button", name="Add photos").click()
    dialog(page, re.compile("^Photos of")).get_by_label("Photos").set_input_files(photos / "grace_hopper.jpg")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(grace.get_by_text("2 photos")).to_be_visible(timeout=LOOKED_AT_MS)
    grace.get_by_text("2 photos").press("Enter")
    grace.get_by_role("button", name="Remove photo 1 of").click()
    dialog(page, "Remove this photo?").get_by_role("button", name="Remove").click()
    expect(grace.get_by_text("1 photo", exact=True)).to_be_visible()
    [known] = service.http.get("/people").json()["items"]
    assert (known["name"], len(known["photos"])) == ("Grace <b>Hopper</b>", 1)


def test_somebody_is_forgotten_and_there_is_a_receipt(visitor: Visitor, service: Service, photos: Path) -> None:
    enrolled(service, photos / "grace_hopper.jpg", "Grace Hopper").raise_for_status()
    page = visitor.open("/identities")
    button = person(page, "Grace Hopper").get_by_role("button", name="Forget")
    button.press("Enter")
    form = dialog(page, "Forget “Grace Hopper”?")
    expect(form).to_contain_text("Nothing brings them back.")
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    assert len(service.http.get("/people").json()["items"]) == 1
    button.press("Enter")
    form.get_by_role("radio", name="delete them").check()
    form.get_by_role("button", name="Forget for good").click()
    receipt = page.get_by_role("region", name="Receipt")
    expect(receipt).to_be_visible()
    expect(person(page, "Grace Hopper")).to_have_count(0)
    receipt.get_by_text("What cannot be promised").click()
    expect(receipt).to_contain_text("backups")
    assert "Grace" not in receipt.inner_text()
    assert service.http.get("/people").json()["items"] == []
    page.reload()
    expect(receipt).to_be_visible()
    erased = service.http.get(f"/people/erasures/{page.url.rpartition('=')[2]}").json()
    assert erased["frames"] == "delete"
    visitor.check_accessible()


def test_whoever_is_on_a_photo_is_forgotten(visitor: Visitor, service: Service, photos: Path) -> None:
    visitor.expects("^422 POST /people/erase$")
    enrolled(service, photos / "grace_hopper.jpg", "Grace Hopper").raise_for_status()
    page = visitor.open("/identities")
    page.get_by_role("button", name="Forget by a photo").click()
    form = dialog(page, "Forget whoever is on a photo?")
    form.get_by_label("Photo").set_input_files(photos / "cat_chelsea.png")
    form.get_by_role("button", name="Forget for good").click()
    expect(form.get_by_role("alert")).to_contain_text("cat_chelsea.png: no face was found", timeout=LOOKED_AT_MS)
    form.get_by_label("Photo").set_input_files(photos / "grace_hopper.jpg")
    form.get_by_role("button", name="Forget for good").click()
    expect(page.get_by_role("region", name="Receipt")).to_be_visible(timeout=LOOKED_AT_MS)
    assert service.http.get("/people").json()["items"] == []


@pytest.fixture
def stranger(shelf: Shelf, media: Path) -> Video:
    """Two seconds of somebody whom nobody knows; it is Grace Hopper."""
    [*_, shot] = pictures(media)
    return shelf.follow(shelf.put("Navy", [unknown(place) for place in range(10)], tasks=WALKED, shot=shot))


def test_a_face_of_a_video_is_enrolled_by_a_click(
    visitor: Visitor, service: Service, photos: Path, stranger: Video
) -> None:
    page = visitor.open(f"/videos/{stranger.video_id}")
    faces = page.get_by_role("region", name="Faces")
    expect(faces.get_by_role("button", name="Who is it?")).to_be_visible()
    expect(page.get_by_role("img", name="Frame 1 ")).to_be_visible()
    page.mouse.click(*spot(page, 0.5, 0.3))
    expect(faces.get_by_role("button", name="Who is it?")).to_be_focused()
    page.keyboard.press("Enter")
    form = dialog(page, "Who is it?")
    assert form.get_by_role("img", name="The face").evaluate("img => img.decode().then(() => img.naturalWidth)") > 0
    visitor.check_accessible()
    form.get_by_label("Name").fill("Grace Hopper")
    form.get_by_role("button", name="Remember this face").click()
    expect(page.get_by_text("“Grace Hopper” is known from now on.")).to_be_visible(timeout=LOOKED_AT_MS)
    expect(faces.get_by_role("button", name="Who is it?")).to_be_focused()
    [grace] = service.http.get("/people").json()["items"]
    assert grace["photos"][0]["source"]["video_id"] == str(stranger.video_id)
    faces.get_by_role("button", name="Who is it?").press("Enter")
    form.get_by_label("Name").fill("grace hopper")
    page.keyboard.press("Enter")
    expect(form).to_have_count(0, timeout=LOOKED_AT_MS)
    [grace] = service.http.get("/people").json()["items"]
    assert (grace["name"], len(grace["photos"])) == ("Grace Hopper", 2)


def test_a_face_goes_into_the_collection_that_was_chosen_last(
    visitor: Visitor, service: Service, shelf: Shelf, collection: str, stranger: Video
) -> None:
    service.http.put("/people/collections/guests", json={"purpose": PURPOSE}).raise_for_status()
    unlearnt(shelf, "Grace Hopper", None)
    page = visitor.open(f"/videos/{stranger.video_id}")
    asked: list[Route] = []
    sent: list[str] = []

    def enrol(route: Route) -> None:
        sent.append(
            f"{route.request.url.partition('/people')[2]} {(route.request.post_data_json or {}).get('collection')}"
        )
        route.fulfill(status=201, json={"name": "Grace Hopper"})

    page.route("**/people?collection=guests*", lambda route: asked.append(route))
    page.route(re.compile("/people(/[^/]+/photos)?$"), enrol)
    page.get_by_role("region", name="Faces").get_by_role("button", name="Who is it?").click()
    form = dialog(page, "Who is it?")
    expect(form.locator("datalist option")).to_have_count(1)
    form.get_by_label("Name").fill("Grace Hopper")
    form.get_by_label("Collection").select_option("guests")
    form.get_by_role("button", name="Remember this face").click()
    expect(form.get_by_role("button", name="Remember this face")).to_have_attribute("aria-busy", "true")
    asked[0].fulfill(json={"items": [], "next_cursor": None})
    expect(form).to_have_count(0)
    assert sent == [" guests"], "not as a photo of her who is in the other collection"


def test_a_face_can_be_enrolled_once_there_is_a_collection(visitor: Visitor, stranger: Video) -> None:
    page = visitor.open(f"/videos/{stranger.video_id}")
    page.get_by_role("region", name="Faces").get_by_role("button", name="Who is it?").click()
    form = dialog(page, "Who is it?")
    expect(form).to_contain_text("there is no collection of people")
    form.get_by_role("button", name="Go to People").click()
    expect(page.get_by_role("heading", name="People", exact=True)).to_be_visible()


def test_it_is_found_where_somebody_was_seen(
    visitor: Visitor, service: Service, photos: Path, media: Path, shelf: Shelf
) -> None:
    """Of somebody whom no test has had forgotten: what comes of those later goes, too."""
    visitor.expects("^422 POST /people/search$")
    shot, *_ = pictures(media)
    stranger = shelf.follow(shelf.put("Orbit", [unknown(n, EILEEN) for n in range(10)], tasks=WALKED, shot=shot))
    enrolled(service, photos / "astronaut_collins.png", "Eileen Collins").raise_for_status()
    [eileen] = service.http.get("/people").json()["items"]
    [track] = service.http.get(f"/analysis/{stranger.video_id}/tracks").json()["items"]
    for model in eileen["photos"][0]["models"]:
        for known in shelf.people.vectors("default", model):
            vector = np.frombuffer(known.vector, "<f4")
            shelf.faces.save_tracks([TrackVector(stranger.video_id, track["track_id"], model, 1.0, 1.8, 26, 5, vector)])
    page = visitor.open("/identities")
    search = page.locator("#search")
    search.get_by_label("Photo").set_input_files(photos / "cat_chelsea.png")
    search.get_by_role("button", name="Search").click()
    expect(search.get_by_role("alert")).to_contain_text("no face was found", timeout=LOOKED_AT_MS)
    search.get_by_label("Photo").set_input_files(photos / "astronaut_collins.png")
    search.get_by_role("button", name="Search").press("Enter")
    link = search.get_by_role("link", name="Orbit, 0:01.0 – 0:01.8").first
    expect(link).to_be_visible(timeout=LOOKED_AT_MS)
    visitor.check_accessible()
    link.click()
    at(page, "0:01.0")
    page.get_by_role("region", name="Faces").get_by_role("link", name="Where else?").click()
    expect(link).to_be_visible(timeout=LOOKED_AT_MS)


def unlearnt(shelf: Shelf, name: str, picture: bytes | None) -> None:
    """Somebody with a photo that no model knows, as if all models were newer."""
    now = datetime.now(UTC)
    somebody = Person(uuid4(), "default", name, now)
    photo = Photo(uuid4(), somebody.person_id, now, 120, 0.2, 0.9, kept=picture is not None)
    shelf.people.add_person(somebody)
    shelf.people.add_photo(somebody, photo, picture, {})


def test_people_are_learnt_again_from_kept_photos(
    visitor: Visitor, service: Service, photos: Path, shelf: Shelf
) -> None:
    unlearnt(shelf, "Grace Hopper", (photos / "grace_hopper.jpg").read_bytes())
    unlearnt(shelf, "Chelsea", (photos / "cat_chelsea.png").read_bytes())
    unlearnt(shelf, "Nobody knows", None)
    page = visitor.open("/identities")
    button = page.get_by_role("button", name="Learn again: default")
    button.press("Enter")
    form = dialog(page, "Learn “default” again?")
    form.get_by_role("button", name="Learn", exact=True).press("Enter")
    told = form.get_by_role("status")
    expect(told).to_have_text(
        "1 photo learnt. In 1 photo no face was found this time. 1 photo not kept: add it again.",
        timeout=LOOKED_AT_MS,
    )
    visitor.check_accessible()
    form.get_by_role("button", name="Close").click()
    expect(button).to_be_focused()
    known = {p["name"]: p["photos"][0]["models"] for p in service.http.get("/people").json()["items"]}
    assert known["Grace Hopper"]
    assert known["Chelsea"] == known["Nobody knows"] == []


def answered(page: Page, answers: Iterator[tuple[int, dict[str, object]]]) -> None:
    """Answer in place of the service's learning."""

    def answer(route: Route) -> None:
        status, body = next(answers)
        route.fulfill(status=status, json=body)

    page.route("**/people/collections/default/learn", answer)


def learnt(embedded: int, remaining: int) -> tuple[int, dict[str, object]]:
    return 200, {"embedded": embedded, "remaining": remaining, "without_picture": 0, "failed": 0}


def test_learning_goes_on_while_photos_remain_and_can_be_stopped(
    visitor: Visitor, service: Service, shelf: Shelf, collection: str
) -> None:
    visitor.expects("^503 POST /people/collections/default/learn")
    page = visitor.open("/identities")
    expect(page.get_by_role("button", name="Delete: default")).to_be_visible()
    expect(page.get_by_role("button", name="Learn again: default")).to_have_count(0)
    unlearnt(shelf, "Grace Hopper", b"picture")
    page.reload()
    page.get_by_role("button", name="Learn again: default").click()
    form = dialog(page, "Learn “default” again?")
    go, told = form.get_by_role("button", name="Learn", exact=True), form.get_by_role("status")
    answered(page, iter([learnt(0, 30), learnt(20, 10), learnt(10, 0)]))
    go.click()
    expect(told).to_have_text("30 photos learnt.")
    answered(page, iter([learnt(5, 9), learnt(0, 9), learnt(0, 9)]))
    go.click()
    expect(told).to_have_text("5 photos learnt. 9 photos remain: go on later.")
    refused = {
        "type": "about:blank",
        "title": "No photo can be looked at",
        "detail": "no embedding model",
        "status": 503,
    }
    answered(page, iter([learnt(5, 9), (503, refused)]))
    go.click()
    expect(form.get_by_role("alert")).to_have_text("No photo can be looked at: no embedding model")
    expect(told).to_have_text("Stopped: 5 photos learnt, 9 remain.")
    page.route("**/people/collections/default/learn", lambda _: None)
    go.click()
    form.get_by_role("button", name="Stop").click()
    expect(told).to_have_text("Stopped: 0 photos learnt.")
    expect(form.get_by_role("alert")).to_be_hidden()
    answered(page, chain([learnt(1, 0)], repeat(learnt(0, 0))))
    go.click()
    expect(told).to_have_text("1 photo learnt.")
    go.click()
    expect(told).to_have_text("Every photo is known to every model already.")


def test_who_may_only_look_is_offered_no_learning(visitor: Visitor, shelf: Shelf, collection: str) -> None:
    unlearnt(shelf, "Grace Hopper", b"picture")

    def looking(route: Route) -> None:
        answer = route.fetch()
        text = answer.text().replace('name="may-submit" content="yes"', 'name="may-submit" content="no"')
        route.fulfill(response=answer, body=text)

    visitor.page.route("**/identities", looking)
    page = visitor.open("/identities")
    expect(page.get_by_role("heading", name="Grace Hopper")).to_be_visible()
    expect(page.get_by_role("button", name="Learn again: default")).to_have_count(0)


def test_everybody_can_use_it(visitor: Visitor, service: Service, photos: Path, tmp_path: Path) -> None:
    for name, photo in (("Grace Hopper", "grace_hopper.jpg"), ("Eileen Collins", "astronaut_collins.png")):
        assert enrolled(service, photos / photo, name).status_code == 201
    page = visitor.open("/identities")
    expect(person(page, "Grace Hopper").locator("img").first).to_have_js_property("complete", True)
    visitor.check_accessible()
    visitor.photograph("people", tmp_path)
    page.get_by_role("button", name="Add a person").click()
    visitor.check_accessible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Forget: Grace Hopper").click()
    visitor.check_accessible()
