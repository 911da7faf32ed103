"""The page of one video in a real browser: boxes switched, moments found, timeline read, trouble named."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from pipeline.contracts.errors import Problem
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.videos import Video
from tests.e2e.browser import Visitor
from tests.e2e.page.known import COMPLAINT, Shelf, everything, people
from tests.e2e.service import Service

ENDED_MS = 60_000


@pytest.fixture(scope="module")
def known(shelf: Shelf) -> Video:
    """Eight seconds with a person, a dog that comes back, a face, emotions and colours, and a failed frame."""
    return shelf.put("Street <b>1</b>", [everything(place) for place in range(40)])


def address(video: Video, moment: str = "") -> str:
    return f"/videos/{video.video_id}{moment}"


def boxes(page: Page) -> list[str]:
    """The labels that are drawn on the picture."""
    labels = page.locator("#overlay g").evaluate_all("all => all.map((one) => one.dataset.label)")
    return sorted(labels)


def at(page: Page, moment: str) -> None:
    """Wait until the moment is shown, picture and all."""
    expect(page.locator("#here")).to_have_text(re.compile(f"^{moment}"))
    expect(page.get_by_role("img", name=f"at {moment}")).to_be_visible()


def segments(page: Page, label: str) -> Locator:
    """The stretches of a label in the timeline."""
    row = page.get_by_role("table", name="When each label was seen").get_by_role("row").filter(has_text=label)
    return row.get_by_role("button")


def test_boxes_are_switched_by_label_task_and_confidence(visitor: Visitor, known: Video) -> None:
    page = visitor.open(address(known))
    expect(page.get_by_role("heading", name="Street <b>1</b>")).to_be_visible()
    at(page, "0:00.0")
    assert boxes(page) == ["dog", "face", "happy", "person"]
    page.get_by_role("checkbox", name="dog").uncheck()
    assert boxes(page) == ["face", "happy", "person"]
    expect(page.locator("#findings")).not_to_contain_text("dog")
    page.get_by_role("checkbox", name="Emotions").uncheck()
    assert boxes(page) == ["face", "person"]
    page.get_by_role("slider", name="sure").fill("80")
    assert boxes(page) == ["face"]
    page.get_by_role("slider", name="sure").fill("0")
    page.get_by_role("checkbox", name="dog").check()
    assert boxes(page) == ["dog", "face", "person"]


def test_keys_and_links_lead_to_moments(visitor: Visitor, known: Video) -> None:
    page = visitor.open(address(known, "#t=5.1"))
    at(page, "0:05.0")
    page.get_by_role("slider", name="Moment").focus()
    for key, moment in (
        ("ArrowRight", "0:05.2"),
        ("ArrowLeft", "0:05.0"),
        ("ArrowLeft", "0:04.8"),
        ("PageUp", "0:02.8"),
        ("End", "0:07.8"),
        ("ArrowRight", "0:07.8"),
        ("Home", "0:00.0"),
        ("ArrowLeft", "0:00.0"),
    ):
        page.keyboard.press(key)
        at(page, moment)
    page.get_by_label("Speed").select_option("8")
    page.keyboard.press("k")
    at(page, "0:07.8")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(page).to_have_url(re.compile(r"#t=7\.8$"))
    page.reload()
    at(page, "0:07.8")
    visitor.open(address(known, "?frame=26"))
    at(page, "0:01.0")
    visitor.open(address(known, "#t=100000"))
    at(page, "0:07.8")


def test_the_link_of_a_moment_is_copied(visiting: Callable[..., Visitor], known: Video) -> None:
    visitor = visiting(permissions=["clipboard-read", "clipboard-write"])
    page = visitor.open(address(known, "#t=1.2"))
    at(page, "0:01.2")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("The link to this moment is copied")).to_be_visible()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied.endswith(f"/videos/{known.video_id}#t=1.2")


def test_the_timeline_is_read_and_followed_by_keys(visitor: Visitor, known: Video) -> None:
    page = visitor.open(address(known))
    dog = segments(page, "dog")
    expect(dog).to_have_count(2)
    expect(dog.first).to_have_accessible_name("dog, 0:00.0 to 0:01.8, 10 frames, at best 69 %")
    expect(dog.last).to_have_accessible_name("dog, 0:05.0 to 0:06.8, 10 frames, at best 94 %")
    dog.first.focus()
    page.keyboard.press("ArrowRight")
    expect(dog.last).to_be_focused()
    page.keyboard.press("Enter")
    at(page, "0:05.0")
    page.keyboard.press("ArrowUp")
    expect(segments(page, "person")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#timeline :focus")).to_have_count(0)


def test_what_was_found_leads_to_its_moments(visitor: Visitor, known: Video) -> None:
    page = visitor.open(address(known))
    row = page.get_by_role("group", name="What was found").get_by_role("row").filter(has_text="dog")
    expect(row.get_by_role("cell")).to_have_text(["20", "0:00.0", "0:06.8", "4 s", "1", "94 % at 0:06.8"])
    row.get_by_role("link").last.click()
    at(page, "0:06.8")
    expect(page.get_by_role("region", name="Main colours").get_by_role("listitem")).to_have_text(
        ["#33669975 %", "#99333325 %"]
    )
    page.get_by_text("As a table").click()
    steps = page.get_by_role("group", name="Emotions over time, as a table").get_by_role("row")
    expect(steps.nth(1)).to_have_text("0:00.01100 %")


def test_failures_are_named_and_lead_to_their_frame(visitor: Visitor, known: Video) -> None:
    page = visitor.open(address(known))
    trouble = page.get_by_role("region", name="Failures and gaps")
    expect(trouble).to_contain_text("a damaged packet was skipped")
    failed = trouble.get_by_role("row").nth(1)
    expect(failed).to_have_text(f"0:02.4 frame 61Faces{COMPLAINT}")
    failed.get_by_role("link").click()
    at(page, "0:02.4")
    expect(page.locator("#findings")).to_contain_text(f"Faces failed: {COMPLAINT}")


def test_a_failed_video_says_why(visitor: Visitor, shelf: Shelf) -> None:
    error = Problem("stalled", "The analysis stalled", "no frame came for 60 s")
    video = shelf.put("Stalled", [everything(place) for place in range(3)], error)
    page = visitor.open(address(video))
    expect(page.locator("#state")).to_have_text("failed")
    expect(page.get_by_text("The analysis stalled: no frame came for 60 s")).to_be_visible()
    expect(page.get_by_role("button", name="Retry")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)


def test_boxes_are_there_though_pictures_were_not_kept(visitor: Visitor, shelf: Shelf) -> None:
    video = shelf.put("Discreet", [everything(place) for place in range(3)], pictures=(), kept=StoreFrames.NONE)
    page = visitor.open(address(video))
    expect(page.get_by_text("The pictures of this video were not kept")).to_be_visible()
    expect(page.locator("#overlay g")).to_have_count(4)
    expect(page.get_by_role("button", name="As a film")).to_have_count(0)


def test_an_analysis_again_is_compared(visitor: Visitor, shelf: Shelf, known: Video) -> None:
    child = shelf.put("Again", [people(place) for place in range(40)], parent_id=known.video_id)
    page = visitor.open(address(child))
    page.get_by_text("What has changed").click()
    changes = page.get_by_role("group", name="Changes, as a table").get_by_role("row")
    dog = changes.filter(has_text="dog")
    expect(dog.get_by_role("cell")).to_have_text(["0", "20", "0", ""])
    dog.get_by_role("link").click()
    at(page, "0:00.0")


def test_of_a_long_video_only_what_is_near_is_read(visitor: Visitor, shelf: Shelf) -> None:
    near = [*range(780, 820), *range(1560, 1600)]
    video = shelf.put("Long", [people(place) for place in range(1600)], pictures=near)
    read: list[int] = []

    def count(answer: Response) -> None:
        if "/results?" in answer.url:
            read.append(len(answer.json()["items"]))

    visitor.page.on("response", count)
    page = visitor.open(address(video, "#t=160"))
    at(page, "2:40.0")
    expect(segments(page, "person")).to_have_count(1)
    page.get_by_role("slider", name="Moment").focus()
    page.keyboard.press("ArrowLeft")
    at(page, "2:39.8")
    page.keyboard.press("End")
    at(page, "5:19.8")
    page.keyboard.press("PageUp")
    at(page, "5:17.8")
    assert sum(read) < 1000
    visitor.page.remove_listener("response", count)


def test_everybody_can_use_it(visitor: Visitor, known: Video) -> None:
    page = visitor.open(address(known, "#t=5"))
    at(page, "0:05.0")
    expect(segments(page, "dog")).to_have_count(2)
    page.get_by_text("As a table").click()
    visitor.check_accessible()


def test_there_is_no_such_video(visitor: Visitor) -> None:
    visitor.expects(r"^404 GET /videos/")
    page = visitor.open("/videos/00000000-0000-4000-8000-000000000000")
    expect(page.get_by_role("heading", name="There is no such video")).to_be_visible()
    visitor.open("/videos/x")
    expect(page.get_by_text("x is no id of a video")).to_be_visible()


def test_a_real_video_grows_and_becomes_a_film(
    visitor: Visitor, service: Service, media: Path, models: dict, tmp_path: Path
) -> None:
    path = service.upload(media / "video" / "woman_dog.mp4", videoName="A woman and her dog", frameStep="6")
    place = path.replace("/analysis/", "/videos/")
    page = visitor.open(place)
    assert '"finished_at": null' in (page.locator("#video").get_attribute("data-video") or "")
    expect(page.locator("#state")).to_have_text("completed", timeout=ENDED_MS)
    expect(page.get_by_text("49 of 49 analysed")).to_be_visible()
    expect(segments(page, "person").first).to_be_visible()
    expect(page.get_by_role("checkbox", name="dog")).to_be_checked()
    page = visitor.open(f"{place}#t=4.2")
    page.reload()
    at(page, "0:04.2")
    assert {"dog", "face", "person"} <= set(boxes(page))
    visitor.photograph("video", tmp_path, full=True)
    visitor.photograph("video-dark", tmp_path, dark=True)
    visitor.photograph("video-phone", tmp_path, phone=True)
    page.get_by_role("button", name="As a film").click()
    expect(page.get_by_label("The frames as a video")).to_be_visible(timeout=ENDED_MS)
    page.get_by_role("button", name="Back to frames").click()
    expect(page.get_by_role("img", name="Frame ")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as MP4").click()
    assert saved.value.path().read_bytes()[4:8] == b"ftyp"
