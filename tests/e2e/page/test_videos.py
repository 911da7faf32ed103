"""The page of all videos in a real browser: found, watched, cancelled, tried again, deleted."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.videos import VideoStatus
from stack.trial import Trial
from tests.e2e.browser import Visitor
from tests.e2e.service import Service
from tests.unit.factories import T0, a_video

ENDED_MS = 30_000


@pytest.fixture
def mark() -> str:
    """A tag of this test's videos alone."""
    return f"t{uuid4().hex[:8]}"


@pytest.fixture
def no_video(service: Service, tmp_path: Path, mark: str) -> Callable[[str], str]:
    """Uploads a file that is no video, under a name; its path."""

    def upload(name: str) -> str:
        path = tmp_path / "notes.mp4"
        path.write_text("These are notes, and no video.")
        return service.upload(path, videoName=name, tags=mark)

    return upload


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=name))


def test_a_failed_video_shows_its_reason(visitor: Visitor, no_video: Callable[[str], str], mark: str) -> None:
    no_video("Notes <b>1</b>")
    page = visitor.open(f"/videos?search={mark}")
    notes = row(page, "Notes <b>1</b>")
    expect(notes.get_by_text("failed", exact=True)).to_be_visible(timeout=ENDED_MS)
    expect(notes.locator(".reason")).to_contain_text(re.compile("video", re.IGNORECASE))
    expect(notes.get_by_role("button", name="Retry")).to_be_visible()
    expect(notes.get_by_role("button", name="Cancel")).to_have_count(0)


def test_deleting_asks_first(visitor: Visitor, service: Service, no_video: Callable[[str], str], mark: str) -> None:
    visitor.expects(r"^404 GET /analysis/[^/]+$")  # a look at it may be under way
    path = no_video("Notes 1")
    no_video("Notes 2")
    page = visitor.open(f"/videos?search={mark}")
    button = page.get_by_role("button", name="Delete: Notes 1")
    button.press("Enter")
    dialog = page.get_by_role("dialog", name="Delete “Notes 1”?")
    expect(dialog.get_by_role("button", name="Keep it as it is")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()
    assert service.http.get(path).status_code == 200
    button.press("Enter")
    dialog.get_by_role("button", name="Delete for good").click()
    expect(row(page, "Notes 1")).to_have_count(0)
    expect(page.get_by_role("link", name="Notes 2")).to_be_focused()
    expect(page.get_by_text("“Notes 1” was deleted")).to_be_visible()
    assert service.http.get(path).status_code == 404


def test_cancelled_and_tried_again(visitor: Visitor, service: Service, mark: str) -> None:
    unreachable = service.start("http://192.0.2.1/a.mp4", videoName="Far away", tags=[mark])
    service.http.post(f"{unreachable}/cancel").raise_for_status()
    page = visitor.open(f"/videos?search={mark}")
    far = row(page, "Far away")
    expect(far.get_by_text("cancelled", exact=True)).to_be_visible()
    far.get_by_role("button", name="Retry").press("Enter")
    expect(far.get_by_text("cancelled", exact=True)).to_have_count(0)
    attempt = service.http.get(unreachable).json()["attempt"]
    assert attempt == 2


def test_videos_are_found_by_words_and_state(
    visitor: Visitor, service: Service, no_video: Callable[[str], str], mark: str
) -> None:
    paths = [no_video(name) for name in ("Street, Monday", "Street, Tuesday", "Garden")]
    for path in paths:
        service.wait(path)
    page = visitor.open("/videos")
    page.get_by_label("Search").fill(f"STREET {mark}")
    names = page.get_by_role("list", name="Videos").get_by_role("heading")
    expect(names).to_have_count(2)
    assert sorted(names.all_text_contents()) == ["Street, Monday", "Street, Tuesday"]
    expect(page.get_by_text("2 videos", exact=True)).to_be_visible()
    page.get_by_role("radio", name="completed").check()
    expect(page.get_by_text("No video fits.")).to_be_visible()
    assert page.url.endswith(f"?search=STREET+{mark}&status=completed")
    page.get_by_role("radio", name="failed").check()
    expect(names).to_have_count(2)
    page.reload()
    expect(names).to_have_count(2)
    expect(page.get_by_role("radio", name="failed")).to_be_checked()


def test_a_list_goes_on_by_pages(visitor: Visitor, stack: Trial, mark: str) -> None:
    client = CassandraClient(stack.cassandra())
    store = CassandraVideoStore(client)
    for n in range(27):
        ended = T0 + timedelta(minutes=n)
        video = a_video(status=VideoStatus.CANCELLED, created_at=ended, tags=frozenset({mark}))
        store.create(replace(video, video_name=f"Far {n}", finished_at=ended))
        store.repair_listing(video.video_id)
    client.close()
    page = visitor.open(f"/videos?search={mark}")
    rows = page.get_by_role("list", name="Videos").get_by_role("listitem")
    expect(rows).to_have_count(25)
    expect(page.get_by_text("25 videos so far")).to_be_visible()
    page.get_by_role("button", name="Show more").click()
    expect(rows).to_have_count(27)
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    assert rows.get_by_role("heading").all_text_contents() == [f"Far {n}" for n in range(26, -1, -1)]


def test_everybody_can_use_it(
    visitor: Visitor, service: Service, no_video: Callable[[str], str], tmp_path: Path
) -> None:
    service.wait(no_video("Notes"))
    page = visitor.open("/videos")
    expect(page.get_by_role("list", name="Videos").get_by_role("listitem").first).to_be_visible()
    visitor.check_accessible()
    visitor.photograph("videos-dark", tmp_path, dark=True)
    visitor.photograph("videos-phone", tmp_path, phone=True)
    page.get_by_role("button", name="Delete: Notes").first.press("Enter")
    visitor.check_accessible()


@pytest.mark.slow
def test_it_has_its_picture_taken(
    visitor: Visitor, service: Service, media: Path, no_video: Callable[[str], str], mark: str, tmp_path: Path
) -> None:
    """With real videos in every state, for the docs."""
    clips = media / "video"
    done = [
        service.upload(clips / f"{name}.mp4", frameStep="10", tags=mark, videoName=name.replace("_", " "))
        for name in ("coffee_blue_cup", "flower_red", "woman_dog")
    ]
    for path in [*done, no_video("notes.txt")]:
        service.wait(path)
    service.upload(clips / "people_vtest.avi", tags=mark, videoName="passage, north side")
    service.upload(clips / "bottles.mp4", frameStep="5", tags=mark, videoName="bottles")
    page = visitor.open(f"/videos?search={mark}")
    expect(page.get_by_text("processing", exact=True).last).to_be_visible()
    expect(page.locator(".video img").last).to_be_visible()
    visitor.photograph("videos", tmp_path)
