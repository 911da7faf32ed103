"""The first page in a real browser: every way in, what is wrong at its field, without a mouse too."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import Visitor
from tests.e2e.clips import make_clip
from tests.e2e.service import Service

SLOW = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2_000_000}
VIDEO_PAGE = re.compile(r"/videos/[0-9a-f-]{36}$")
DONE_MS = 60_000


def choose(page: Page, way: str) -> None:
    page.get_by_role("radio", name=way).check(force=True)


def submitted(page: Page) -> str:
    """The path in the API of the video whose page was opened."""
    page.wait_for_url(VIDEO_PAGE)
    return f"/analysis/{page.url.rpartition('/')[2]}"


def test_a_file_is_submitted_and_watched_until_it_completes(
    visitor: Visitor, service: Service, tmp_path: Path, models: dict[str, object]
) -> None:
    page = visitor.open("/")
    choose(page, "File")
    page.get_by_label("Video file").set_input_files(make_clip(tmp_path / "three colours.mp4", 30))
    page.get_by_label("n", exact=True).fill("3")
    expect(page.get_by_text("8.33 frames a second of a video with 25")).to_be_visible()
    page.get_by_role("checkbox", name="Emotions").uncheck()
    page.get_by_role("button", name="Upload and analyse").click()
    path = submitted(page)
    visitor.open("/videos")
    row = page.locator(f"[data-id='{path.rpartition('/')[2]}']")
    expect(row.get_by_text("completed")).to_be_visible(timeout=DONE_MS)
    expect(row).to_contain_text("10 frames")
    expect(row.locator("img")).to_have_js_property("naturalWidth", 160)
    video = service.http.get(path).json()
    assert (video["video_name"], video["frame_step"], video["frames"]["done"]) == ("three colours.mp4", 3, 10)
    assert "emotions_detection" not in [task["name"] for task in video["models_to_run"]]


def test_an_upload_says_how_far_it_is_and_can_be_cancelled(visitor: Visitor, service: Service, tmp_path: Path) -> None:
    big = tmp_path / "big.mp4"
    big.write_bytes(b"\0" * 8_000_000)
    page = visitor.open("/")
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", SLOW)
    choose(page, "File")
    page.get_by_label("Video file").set_input_files(big)
    page.get_by_role("button", name="Upload and analyse").click()
    expect(page.get_by_text(re.compile(r"^[1-9]\d? %, \d\.\d MB of 8\.0 MB"))).to_be_visible()
    assert 0 < float(page.get_by_label(re.compile("^Uploading")).evaluate("bar => bar.value")) < 1
    page.get_by_role("button", name="Cancel the upload").press("Enter")
    expect(page.get_by_text("The upload was cancelled")).to_be_visible()
    expect(page.get_by_role("button", name="Upload and analyse")).to_be_enabled()
    found = service.http.get("/analysis/videos", params={"status": "all", "search": "big.mp4"}).json()
    assert found["items"] == []


def test_what_is_wrong_is_said_at_its_field(visitor: Visitor) -> None:
    visitor.expects(r"^422 POST /analysis/start$")
    page = visitor.open("/")
    address = page.get_by_label("Address of the video")
    page.get_by_role("button", name="Analyse", exact=True).click()
    expect(page.get_by_text("Say where it is.")).to_be_visible()
    expect(address).to_be_focused()
    address.fill("ftp://example.com/a.mp4")
    page.get_by_role("button", name="Analyse", exact=True).click()
    expect(page.locator("#wrong-videoURL")).to_contain_text("must start with http:// or https://")
    expect(address).to_have_attribute("aria-invalid", "true")
    for box in page.get_by_role("group", name="What to look for").get_by_role("checkbox").all():
        box.uncheck()
    page.get_by_role("button", name="Analyse", exact=True).click()
    expect(page.get_by_text("Tick at least one.")).to_be_visible()


def test_without_a_mouse(visitor: Visitor, service: Service, web: str, web_folder: Path) -> None:
    make_clip(web_folder / "keys.mp4", 5)
    page = visitor.open("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="Address")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Video file")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    page.keyboard.type(f"{web}/keys.mp4")
    for task in ("Faces", "Emotions", "Objects"):
        page.keyboard.press("Tab")
        expect(page.get_by_role("checkbox", name=task)).to_be_focused()
        page.keyboard.press("Space")
    page.keyboard.press("Enter")
    path = submitted(page)
    video = service.http.get(path).json()
    assert [task["name"] for task in video["models_to_run"]] == ["color_detection"]
    assert (video["video_name"], video["frame_step"]) == ("keys.mp4", 10)


def test_a_camera_sends_what_it_sees(visitor: Visitor, service: Service, models: dict[str, object]) -> None:
    page = visitor.open("/")
    choose(page, "This camera")
    page.get_by_role("radio", name="One every so many seconds").check()
    page.get_by_label("Seconds", exact=True).fill("0.2")
    page.get_by_role("button", name="Start the camera").click()
    expect(page.get_by_text(re.compile(r"^([5-9]|[1-9]\d+) pictures sent"))).to_be_visible()
    live = page.get_by_role("link", name="See the analysis").get_attribute("href") or ""
    page.get_by_role("button", name="Stop the camera").click()
    expect(page.get_by_text("The camera is off")).to_be_visible()
    video = service.wait(live.replace("/live/", "/analysis/"))
    assert (video["status"], video["source"]) == ("completed", "stream")
    assert video["frames"]["done"] >= 1


def test_a_publisher_is_told_server_and_key_once(visiting: Callable[..., Visitor], service: Service) -> None:
    visitor = visiting(permissions=["clipboard-read", "clipboard-write"])
    page = visitor.open("/")
    choose(page, "OBS")
    with page.expect_response("**/analysis/rtmp-endpoint") as answered:
        page.get_by_role("button", name="Make server and key").click()
    if answered.value.status == 503:
        visitor.expects(r"^503 POST /analysis/rtmp-endpoint$")
        expect(page.get_by_role("alert")).to_contain_text("apt install")
        pytest.skip("no RTMP server on this machine")
    made = answered.value.json()
    expect(page.get_by_role("region", name="Ready for your stream")).to_be_focused()
    expect(page.get_by_label("Server", exact=True)).to_have_value(made["server"])
    key = page.get_by_label("Stream key", exact=True)
    expect(key).to_have_attribute("type", "password")
    page.get_by_role("button", name="Copy stream key").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == made["stream_key"]
    page.reload()
    expect(page.get_by_text("waits for the publisher").first).to_be_visible()
    assert made["stream_key"] not in page.content()
    service.http.post(f"/analysis/{made['video_id']}/cancel").raise_for_status()


@pytest.fixture
def meetings(service: Service, nobody: None) -> None:
    """Two collections of people."""
    for name in ("meetings", "visitors"):
        service.http.put(f"/people/collections/{name}", json={"purpose": f"who is in our {name}"}).raise_for_status()


def test_nobody_is_identified_without_a_purpose(visitor: Visitor, service: Service, web: str, meetings: None) -> None:
    page = visitor.open("/")
    people = page.get_by_role("checkbox", name="People")
    expect(people).not_to_be_checked()
    expect(page.get_by_label("Purpose")).to_be_hidden()
    people.press("Space")
    page.get_by_label("Address of the video").fill(f"{web}/meeting.mp4")
    page.get_by_role("button", name="Analyse", exact=True).click()
    expect(page.locator("#wrong-identification")).to_contain_text("Say why people are identified")
    expect(page.get_by_label("Purpose")).to_be_focused()
    page.keyboard.type("who was there")
    page.get_by_role("checkbox", name="meetings: ").uncheck()
    page.get_by_role("button", name="Analyse", exact=True).click()
    expect(page.locator("#wrong-identification")).to_have_text("Tick one collection at least.")
    page.get_by_role("checkbox", name="visitors: ").check()
    page.get_by_role("checkbox", name="searched by face").check()
    visitor.check_accessible()
    page.get_by_role("button", name="Analyse", exact=True).click()
    video = service.http.get(submitted(page)).json()
    assert video["identification"] == {"purpose": "who was there", "collections": ["visitors"], "search": True}
    assert "faces_identification" in [task["name"] for task in video["models_to_run"]]


def test_an_upload_says_whom_faces_are_compared_with(
    visitor: Visitor, service: Service, tmp_path: Path, meetings: None
) -> None:
    page = visitor.open("/")
    choose(page, "File")
    page.get_by_label("Video file").set_input_files(make_clip(tmp_path / "meeting.mp4", 5))
    page.get_by_role("checkbox", name="People").check()
    page.get_by_label("Purpose").fill("who was there")
    page.get_by_role("button", name="Upload and analyse").click()
    video = service.http.get(submitted(page)).json()
    assert video["identification"] == {"purpose": "who was there", "collections": ["meetings"], "search": False}


def test_people_are_offered_once_there_is_a_collection(visitor: Visitor, nobody: None) -> None:
    page = visitor.open("/")
    tasks = page.get_by_role("group", name="What to look for")
    expect(tasks.get_by_text("People can be named once you have a collection of them")).to_be_visible()
    expect(tasks.get_by_role("checkbox", name="People")).to_have_count(0)
    tasks.get_by_role("link", name="make one").click()
    expect(page.get_by_role("heading", name="People", exact=True)).to_be_visible()


def test_everybody_can_use_it(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.open("/")
    page.get_by_text("More", exact=True).click()
    visitor.check_accessible()
    visitor.photograph("new", tmp_path)
    visitor.photograph("new-phone", tmp_path, phone=True)
