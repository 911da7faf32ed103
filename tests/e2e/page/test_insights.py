"""The page of insights and the report in a real browser: right numbers of a known video, charts, no network."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Request, expect

from framewise.cli.main import main
from pipeline.contracts.results import AnalyzedFrame
from pipeline.contracts.videos import Video
from stack.trial import Trial
from tests.e2e.browser import Visitor
from tests.e2e.page.known import Shelf
from tests.e2e.service import Service
from tests.unit.factories import a_result, a_video, analyzed, dog

LABEL = "walrus"
FRAMES = 30
INDEXED_SECONDS = 60.0
CHARTS = ("over_time", "by_label", "by_camera", "by_weekday_and_hour")


def seen(place: int) -> AnalyzedFrame:
    """Two walruses, one surer than the other, every second."""
    found = [replace(dog(sure), label=LABEL) for sure in (0.4, 0.8)]
    return replace(analyzed(a_video().video_id, place + 1, a_result(found)), media_time=float(place))


@pytest.fixture(scope="module")
def known(stack: Trial, service: Service) -> Iterator[Video]:
    """A video whose every row is known, once insights count it."""
    shelf = Shelf(stack.cassandra(), stack.settings.data_dir / "frames")
    video = shelf.put("Beach", [seen(place) for place in range(FRAMES)])
    until = time.monotonic() + INDEXED_SECONDS
    while service.http.get("/analysis/insights", params={"label": LABEL}).json()["detections"] < 2 * FRAMES:
        assert time.monotonic() < until
        time.sleep(0.25)
    yield video
    shelf.close()


def test_a_known_video_has_the_right_numbers(visitor: Visitor, known: Video, tmp_path: Path) -> None:
    page = visitor.open(f"/insights?label={LABEL}")
    expect(page.locator("#told")).to_contain_text(f"{2 * FRAMES} detections in 1 video")
    for name in CHARTS:
        expect(page.locator(f"#{name} canvas").first).to_be_visible()
    at = known.created_at.astimezone(ZoneInfo("Europe/Berlin"))
    page.locator("#by_weekday_and_hour-table").evaluate("table => table.closest('details').open = true")
    row = page.locator("#by_weekday_and_hour-table tbody tr").first
    expect(row.locator("td").nth(0)).to_have_text(at.strftime("%A"))
    expect(row.locator("td").nth(1)).to_have_text(at.strftime("%H:00"))
    page.get_by_label("At least").fill("60")
    expect(page.locator("#told")).to_contain_text(f"{FRAMES} detections in 1 video")
    page.get_by_label("Videos").select_option("live streams")
    expect(page.locator("#told")).to_contain_text("Nothing was found")
    page.reload()
    expect(page.get_by_label("Videos")).to_have_value("true")
    expect(page.locator("#told")).to_contain_text("Nothing was found")


def test_it_is_for_everybody_and_on_every_screen(visitor: Visitor, known: Video, tmp_path: Path) -> None:
    page = visitor.open(f"/insights?last=86400&label={LABEL}")
    done = page.locator("#results[aria-busy=false]")
    expect(done).to_be_visible()
    visitor.photograph("insights", tmp_path, full=True)
    with page.expect_response(re.compile("/insights/charts.*dark=true")):
        visitor.sees(dark=True)
    expect(done).to_be_visible()
    visitor.photograph("insights-dark", tmp_path, dark=True)
    visitor.check_accessible()
    page.get_by_label("Labels").focus()
    page.keyboard.type(", no such")
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text(f"{2 * FRAMES} detections")
    assert "no+such" in page.url


def test_a_span_that_is_too_long_for_minutes_is_refused_in_words(visitor: Visitor, known: Video) -> None:
    visitor.expects("422 GET /insights/charts")
    page = visitor.open("/insights?step=minute")
    expect(page.locator("#problem")).to_contain_text("take a shorter span")


def test_the_report_needs_no_network(
    visitor: Visitor, service: Service, known: Video, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "report.html"
    monkeypatch.setenv("FRAMEWISE_URL", str(service.http.base_url))
    assert main(["report", "--days", "1", "--label", LABEL, "--out", str(file)]) == 0
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    visitor.page.on("request", note)
    visitor.page.context.set_offline(True)
    page = visitor.open(file.as_uri())
    expect(page.locator("section canvas").first).to_be_visible()
    assert page.locator(".bk-Figure").count() == len(CHARTS)
    expect(page.get_by_text(f"{2 * FRAMES} detections in 1")).to_be_visible()
    assert asked == [file.as_uri()]
    visitor.check_accessible()
    visitor.photograph("report", tmp_path, full=True)
