"""The pages of live streams in a real browser: streams appear by themselves, counters move, events come."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import Visitor
from tests.e2e.page.camera import Camera, filming, pictures
from tests.e2e.service import Service

COMES_MS = 40_000
WIDE = 2.5
"""Two pictures side by side are wider."""
COLORS, OBJECTS = "color_detection", "objects_detection"


@pytest.fixture(scope="module")
def shown() -> list[bytes]:
    """What the cameras see."""
    folder = Path(os.environ.get("FRAMEWISE_MIRROR", "")) / "media"
    return pictures(folder if os.environ.get("FRAMEWISE_MIRROR") and folder.is_dir() else None)


@pytest.fixture
def yard(service: Service, shown: list[bytes]) -> Iterator[Camera]:
    """A camera that films."""
    with filming(service, "Yard", shown, OBJECTS, COLORS) as camera:
        yield camera


def analysed(place: Locator) -> int:
    """The count of analysed frames in a list of facts."""
    return int(re.sub(r"\D", "", place.locator("dt:text-is('Analysed') + dd").inner_text()) or 0)


def moves(page: Page, place: Locator) -> None:
    """Fail unless the count grows by itself."""
    before = analysed(place)
    for _ in range(60):
        page.wait_for_timeout(250)
        if analysed(place) > before:
            return
    raise AssertionError(f"it stays at {before}")


def shows(page: Page, wanted: Callable[[float], bool]) -> None:
    """Fail unless the picture gets the proportions that are wanted."""
    for _ in range(60):
        page.wait_for_timeout(250)
        if wanted(page.locator("#picture").evaluate("picture => picture.naturalWidth / picture.naturalHeight")):
            return
    raise AssertionError("the picture stays as it is")


def test_a_stream_appears_by_itself_moves_and_goes(
    visitor: Visitor, service: Service, shown: list[bytes], tmp_path: Path, models: dict[str, object]
) -> None:
    page = visitor.open("/live")
    expect(page.get_by_role("heading", name="Live")).to_be_visible()
    with filming(service, "Gate", shown, OBJECTS) as gate, filming(service, "Door", shown, COLORS) as door:
        tile = page.locator(f"[data-video='{gate.video_id}']")
        expect(tile.locator("img")).to_be_visible(timeout=COMES_MS)
        expect(page.locator(f"[data-video='{door.video_id}'] img")).to_be_visible(timeout=COMES_MS)
        expect(tile.get_by_text("runs", exact=True)).to_be_visible()
        moves(page, tile)
        visitor.check_accessible()
        visitor.photograph("live", tmp_path)
    expect(tile).to_have_count(0, timeout=COMES_MS)
    visitor.expects("404 GET /analysis/.*/frame/")


def test_one_stream_has_its_picture_its_charts_and_its_events(
    visitor: Visitor, yard: Camera, tmp_path: Path, models: dict[str, object]
) -> None:
    page = visitor.open("/live")
    page.locator(f"[data-video='{yard.video_id}'] h2 a").click(timeout=COMES_MS)
    expect(page.locator("#picture")).to_be_visible(timeout=COMES_MS)
    assert page.locator("#picture").evaluate("picture => picture.naturalWidth") > 100
    expect(page.locator("#events li").first).to_contain_text("Colours: #", timeout=COMES_MS)
    moves(page, page.locator("#facts"))
    chart = page.get_by_role("img", name=re.compile("Frames a second: +[1-9]"))
    expect(chart).to_be_visible(timeout=COMES_MS)
    page.get_by_role("radio", name="both").check()
    shows(page, lambda ratio: ratio > WIDE)
    page.get_by_role("radio", name="with boxes").check()
    visitor.check_accessible()
    visitor.photograph("stream", tmp_path, full=True)


def test_events_can_be_paused_and_the_stream_stopped_from_the_keyboard(
    visitor: Visitor, service: Service, yard: Camera, models: dict[str, object]
) -> None:
    page = visitor.open(f"/live/{yard.video_id}")
    newest = page.locator("#events li").first
    expect(newest).to_be_visible(timeout=COMES_MS)
    page.get_by_role("button", name="Pause").press("Enter")
    at = newest.get_attribute("data-frame")
    moves(page, page.locator("#facts"))
    assert newest.get_attribute("data-frame") == at
    page.get_by_role("button", name="Pause").press("Enter")
    expect(newest).not_to_have_attribute("data-frame", str(at))
    page.get_by_role("button", name="Cancel: Yard").press("Enter")
    page.get_by_role("button", name="Cancel the analysis").press("Enter")
    expect(page.locator("#state")).to_have_text("cancelled")
    assert service.http.get(yard.path).json()["status"] == "cancelled"
    visitor.expects("409 POST /analysis/.*/frames")


def test_a_stream_that_is_not_there_is_said(visitor: Visitor) -> None:
    visitor.expects("404 GET /live/")
    page = visitor.open("/live/0b7a3c7e-9f51-4b0e-8a55-3c1f6f0e2a11")
    expect(page.get_by_text("there is no video 0b7a3c7e")).to_be_visible()
