"""What was followed, on the page of a video in a real browser: faces, tracks, lines and zones, counts."""

import re
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.regions import Line, Regions, Zone
from pipeline.contracts.videos import Video
from tests.e2e.browser import WAIT_MS, Visitor
from tests.e2e.page.known import WALKED, Shelf, crowd, walk
from tests.e2e.page.test_video import at
from tests.e2e.service import Service

FRAMES = 40
TRACKED_MS = 60_000
DOOR = Line("door", ((0.5, 1.0), (0.5, 0.0)))
"""From the bottom to the top: who walks to the right crosses it from its left to its right, and goes in."""
LEFT = Zone("left half", ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))


@pytest.fixture(scope="module")
def walked(shelf: Shelf) -> Video:
    """Eight seconds in which somebody crosses the picture, with a door in its middle and a zone on its left."""
    video = shelf.put("Walk", [walk(place) for place in range(FRAMES)], tasks=WALKED)
    return shelf.follow(video, Regions((DOOR,), (LEFT,)))


@pytest.fixture
def blank(shelf: Shelf) -> Video:
    """The same, with nothing drawn on it."""
    return shelf.follow(shelf.put("Blank", [walk(place) for place in range(FRAMES)], tasks=WALKED))


def address(video: Video) -> str:
    return f"/videos/{video.video_id}"


def part(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def spot(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a place of the picture (fractions) is in the window."""
    page.locator("#stage").scroll_into_view_if_needed()
    box = page.locator("#stage").bounding_box()
    assert box
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*spot(page, *start))
    page.mouse.down()
    page.mouse.move(*spot(page, *end), steps=5)
    page.mouse.up()


def test_faces_are_a_strip_that_leads_to_them(visitor: Visitor, walked: Video) -> None:
    page = visitor.open(address(walked))
    faces = part(page, "Faces")
    expect(faces).to_contain_text("2 faces: Anna, 1 unknown")
    expect(faces.get_by_role("listitem")).to_have_count(2)
    expect(faces.locator("img").first).to_have_js_property("complete", True)
    assert faces.locator("img").first.evaluate("img => img.naturalWidth") > 0
    faces.get_by_role("button", name="unknown, 0:04.0 – 0:07.8: go there").press("Enter")
    expect(page.locator("#here")).to_have_text(re.compile("^0:0[4-7]"))
    expect(page.locator("#overlay g:has(.halo)")).not_to_have_count(0)
    expect(page.locator("#facts")).to_contain_text("a test (default)")
    expect(faces.locator("[aria-current]")).to_have_count(1)


def test_a_known_face_has_one_name_in_the_picture(visitor: Visitor, walked: Video) -> None:
    page = visitor.open(address(walked))
    at(page, "0:00.0")
    texts = page.locator("#overlay text")
    expect(texts.filter(has_text="Anna")).to_have_count(1)
    expect(texts.filter(has_text="face")).to_have_count(0)
    page.get_by_role("checkbox", name="People").uncheck()
    expect(texts.filter(has_text="face")).to_have_count(1)


def test_tracks_are_lanes_on_the_timeline(visitor: Visitor, walked: Video) -> None:
    page = visitor.open(address(walked))
    table = page.get_by_role("table", name="What was followed through the video")
    expect(table.get_by_role("row").filter(has_text="face").get_by_role("button")).to_have_count(2)
    person = table.get_by_role("row").filter(has_text="person").get_by_role("button")
    expect(person).to_have_accessible_name("person, 0:00.0 to 0:07.8, there for 8 s")
    person.focus()
    page.keyboard.press("ArrowDown")
    expect(table.locator(".segment:focus")).to_have_count(1)
    stranger = table.get_by_role("button", name="face, 0:04.0")
    stranger.focus()
    page.keyboard.press("Enter")
    at(page, "0:04.0")
    expect(stranger).to_have_attribute("aria-current", "true")
    expect(page.locator("#overlay g:has(.halo)")).not_to_have_count(0)


def test_many_tracks_are_drawn_as_how_many_there_are(visitor: Visitor, shelf: Shelf) -> None:
    page = visitor.open(address(shelf.follow(shelf.put("Crowd", [crowd(place) for place in range(10)]))))
    dense = page.get_by_role("table", name="What was followed through the video").get_by_role("button")
    expect(dense.first).to_have_accessible_name(re.compile("^20 × person, 0:00.0 to"))
    dense.last.press("Enter")
    expect(page.locator("#here")).to_have_text(re.compile("^0:01"))


def test_what_is_counted_is_said_drawn_and_listed(visitor: Visitor, walked: Video) -> None:
    page = visitor.open(address(walked))
    counts = part(page, "Counted at lines and zones")
    door = counts.get_by_role("listitem").filter(has=page.get_by_role("heading", name="door"))
    expect(door).to_contain_text("In 1, out 0")
    expect(door.locator(".columns .up")).to_have_count(1)
    expect(door.locator(".columns .down")).to_have_count(0)
    door.get_by_text("As a table").press("Enter")
    crossed = door.get_by_role("row").filter(has=page.get_by_role("cell", name="1", exact=True))
    expect(crossed).to_have_count(1)
    crossed.get_by_role("link").click()
    expect(page.locator("#here")).to_have_text(re.compile("^0:0[34]"))
    zone = counts.get_by_role("listitem").filter(has=page.get_by_role("heading", name="left half"))
    expect(zone).to_contain_text(re.compile("at most 2 at once, 1 at the end"))
    expect(page.locator("#regions [data-region='left half'] polygon")).to_have_count(2)


def test_a_line_is_drawn_with_the_mouse(visitor: Visitor, blank: Video, service: Service) -> None:
    page = visitor.open(address(blank))
    at(page, "0:00.0")
    drawn = part(page, "Lines and zones")
    expect(drawn).to_contain_text("Draw a line to count who crosses it")
    drawn.get_by_role("button", name="Draw a line").click()
    drawn.get_by_role("button", name="Save").click()
    expect(drawn.get_by_role("alert")).to_have_text("Give it a name.")
    drawn.get_by_label("Name").fill("gate")
    drawn.get_by_role("button", name="Save").click()
    expect(drawn.get_by_role("alert")).to_contain_text("A line needs 2 points")
    drag(page, (0.5, 0.1), (0.5, 0.9))
    drawn.get_by_label("Point 1, percent from the left").fill("200")
    drawn.get_by_role("button", name="Save").click()
    expect(drawn.get_by_role("alert")).to_contain_text("two numbers from 0 to 100")
    drawn.get_by_label("Point 1, percent from the left").fill("50")
    expect(drawn.get_by_label("Point 2, percent from the top")).to_have_value(re.compile(r"^(89|90)"))
    drawn.get_by_role("button", name="Turn it round").click()
    drawn.get_by_role("button", name="Save").click()
    expect(drawn.get_by_role("list", name="Drawn").get_by_role("listitem")).to_contain_text("in 1, out 0")
    [line] = service.http.get(f"/analysis/{blank.video_id}/regions").json()["lines"]
    assert line["name"] == "gate"
    assert line["points"][0] == pytest.approx([0.5, 0.9], abs=0.01)
    assert line["points"][1] == pytest.approx([0.5, 0.1], abs=0.01)
    expect(drawn.get_by_role("button", name="Draw a line")).to_be_focused()
    drawn.get_by_role("button", name="Delete: gate").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(drawn.get_by_role("list", name="Drawn").get_by_role("listitem")).to_have_count(0)
    assert service.http.get(f"/analysis/{blank.video_id}/regions").json() == {"lines": [], "zones": []}


def test_what_somebody_else_has_drawn_meanwhile_stays(visitor: Visitor, blank: Video, service: Service) -> None:
    regions = f"/analysis/{blank.video_id}/regions"
    page = visitor.open(address(blank))
    drawn = part(page, "Lines and zones")
    expect(drawn).to_contain_text("Draw a line to count who crosses it")
    others = {"name": "theirs", "points": [[0.1, 0.9], [0.1, 0.1]]}
    service.http.put(regions, json={"lines": [others]}).raise_for_status()
    drawn.get_by_role("button", name="Draw a line").click()
    drag(page, (0.5, 0.9), (0.5, 0.1))
    drawn.get_by_label("Name").fill("mine")
    drawn.get_by_role("button", name="Save").click()
    expect(drawn.get_by_role("listitem").filter(has_text="theirs")).to_be_visible()
    assert [line["name"] for line in service.http.get(regions).json()["lines"]] == ["theirs", "mine"]


def test_a_face_that_goes_on_keeps_the_focus(visitor: Visitor, blank: Video) -> None:
    def going_on(route: Route) -> None:
        answer = route.fetch()
        page = answer.json()
        page["complete"] = False
        for track in page["items"]:
            track["last_time"] += next(later)
        route.fulfill(response=answer, json=page)

    later = count(1)
    visitor.page.route("**/tracks?*", going_on)
    page = visitor.open(address(blank))
    crop = part(page, "Faces").get_by_role("button", name=re.compile("^Anna,")).first
    crop.focus()
    before = crop.get_attribute("aria-label")
    page.wait_for_function(
        "before => document.querySelector('#faces .crop')?.ariaLabel !== before", arg=before, timeout=WAIT_MS
    )
    expect(crop).to_be_focused()


def test_a_zone_is_drawn_by_its_corners_and_changed(visitor: Visitor, blank: Video, service: Service) -> None:
    page = visitor.open(address(blank))
    at(page, "0:00.0")
    drawn = part(page, "Lines and zones")
    drawn.get_by_role("button", name="Draw a zone").click()
    drawn.get_by_label("Name").fill("corner")
    for place in ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)):
        page.mouse.click(*spot(page, *place))
    drag(page, (0.9, 0.1), (0.6, 0.2))
    drawn.get_by_role("button", name="Save").click()
    expect(drawn.get_by_role("list", name="Drawn").get_by_role("listitem")).to_contain_text("corner")
    [zone] = service.http.get(f"/analysis/{blank.video_id}/regions").json()["zones"]
    assert [x for point in zone["points"] for x in point] == pytest.approx(
        [0.1, 0.1, 0.6, 0.2, 0.9, 0.9, 0.1, 0.9], abs=0.01
    )
    drawn.get_by_role("button", name="Change: corner").click()
    drawn.get_by_role("button", name="Remove point 4").click()
    drawn.get_by_label("Name").fill("triangle")
    drawn.get_by_role("button", name="Save").click()
    expect(drawn.get_by_role("list", name="Drawn").get_by_role("listitem")).to_contain_text("triangle")
    [zone] = service.http.get(f"/analysis/{blank.video_id}/regions").json()["zones"]
    assert (zone["name"], len(zone["points"])) == ("triangle", 3)


def test_a_zone_is_drawn_without_a_mouse(visitor: Visitor, blank: Video, service: Service) -> None:
    visitor.expects("^422 PUT /analysis/[^/]+/regions$")
    page = visitor.open(address(blank))
    at(page, "0:00.0")
    drawn = part(page, "Lines and zones")
    expect(drawn.get_by_role("button", name="Draw a zone")).to_be_enabled()
    drawn.get_by_role("button", name="Draw a zone").press("Enter")
    expect(drawn.get_by_label("Name")).to_be_focused()
    page.keyboard.type("desk")
    for place, (x, y) in enumerate(((10, 10), (60, 60), (60, 10), (10, 60))):
        drawn.get_by_role("button", name="Add a point").press("Enter")
        expect(drawn.get_by_label(f"Point {place + 1}, percent from the left")).to_be_focused()
        page.keyboard.press("Control+a")
        page.keyboard.type(str(x))
        page.keyboard.press("Tab")
        page.keyboard.press("Control+a")
        page.keyboard.type(str(y))
    page.keyboard.press("Enter")
    expect(drawn.get_by_role("alert")).to_contain_text("cross each other")
    for name, value in (("Point 2, percent from the top", "10"), ("Point 3, percent from the top", "60")):
        drawn.get_by_label(name).fill(value)
    page.keyboard.press("Enter")
    expect(drawn.get_by_role("list", name="Drawn").get_by_role("listitem")).to_contain_text("desk")
    [zone] = service.http.get(f"/analysis/{blank.video_id}/regions").json()["zones"]
    assert zone["points"] == [[0.1, 0.1], [0.6, 0.1], [0.6, 0.6], [0.1, 0.6]]
    drawn.get_by_role("button", name="Change: desk").press("Enter")
    page.keyboard.press("Escape")
    expect(drawn.get_by_role("button", name="Save")).to_be_hidden()


def test_without_pictures_faces_are_named_all_the_same(visitor: Visitor, shelf: Shelf) -> None:
    video = shelf.put("No pictures", [walk(p) for p in range(10)], pictures=(), kept=StoreFrames.NONE, tasks=WALKED)
    page = visitor.open(address(shelf.follow(video)))
    faces = part(page, "Faces")
    expect(faces).to_contain_text("Anna")
    expect(faces).to_contain_text("no picture kept")
    expect(faces.get_by_role("button", name="Who is it?")).to_have_count(0)


def test_a_live_page_counts_at_lines_and_zones(visitor: Visitor, walked: Video) -> None:
    page = visitor.open(f"/live/{walked.video_id}")
    counted = part(page, "Lines and zones")
    expect(counted).to_contain_text("in 1, out 0")
    expect(counted).to_contain_text(re.compile("1 inside, at most 2"))
    visitor.check_accessible()
    counted.get_by_role("link", name="Draw").click()
    expect(part(page, "Lines and zones").get_by_role("button", name="Draw a line")).to_be_visible()


def test_a_face_is_named_when_it_is_analysed_again(visitor: Visitor, walked: Video) -> None:
    page = visitor.open(address(walked))
    page.get_by_role("button", name="Analyse again").click()
    again = page.get_by_role("dialog", name=re.compile("^Analyse"))
    expect(again.get_by_text("What to look for")).to_be_visible()
    expect(again.get_by_role("checkbox", name="Faces")).to_be_checked()


def test_everybody_can_use_it(visitor: Visitor, walked: Video, tmp_path: Path) -> None:
    page = visitor.open(address(walked))
    expect(part(page, "Faces").get_by_role("listitem")).to_have_count(2)
    expect(part(page, "Counted at lines and zones")).to_be_visible()
    page.get_by_role("button", name="Change: left half").click()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_visible()
    visitor.check_accessible()


def test_walkers_of_a_real_video_are_counted_at_a_line(
    visitor: Visitor, service: Service, media: Path, models: dict[str, object], tmp_path: Path
) -> None:
    walkers = media / "video" / "people_vtest.avi"
    path = service.upload(walkers, videoName="Passage", frameStep="5", modelsToRun="objects_detection")
    service.completed(path)
    page = visitor.open(path.replace("/analysis/", "/videos/"))
    table = page.get_by_role("table", name="What was followed through the video")
    expect(table.get_by_role("row").filter(has_text="person")).to_be_visible(timeout=TRACKED_MS)
    expect(page.get_by_role("img", name="Frame 1 ")).to_be_visible()
    drawn = part(page, "Lines and zones")
    drawn.get_by_role("button", name="Draw a line").click()
    drawn.get_by_label("Name").fill("path")
    drag(page, (0.05, 0.7), (0.9, 0.45))
    drawn.get_by_role("button", name="Save").click()
    found = drawn.get_by_role("list", name="Drawn").get_by_role("listitem")
    expect(found).to_contain_text(re.compile(r"in \d+, out \d+"))
    [line] = service.http.get(f"{path}/counts").json()["lines"]
    assert line["in"] + line["out"] >= 5
    walker = page.locator("#overlay g[data-track] rect").first.bounding_box()
    assert walker
    page.mouse.click(walker["x"] + walker["width"] / 2, walker["y"] + walker["height"] / 2)
    expect(page.locator("#overlay g:has(.halo)")).to_have_count(1)
    visitor.photograph("video-tracks", tmp_path)
