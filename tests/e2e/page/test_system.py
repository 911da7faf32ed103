"""The page of the system in a real browser: green while all is well, red with advice when a server is away."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from pipeline.readiness import beat_file
from stack.trial import Trial
from tests.e2e.browser import Visitor
from tests.e2e.clips import make_clip
from tests.e2e.service import Service
from tests.integration.running_api import running_api

SERVERS = ("kafka", "cassandra", "disk", "ingest", "analysis")


def test_all_is_green_and_rates_are_told(
    visitor: Visitor, service: Service, tmp_path: Path, models: dict[str, object]
) -> None:
    service.completed(service.upload(make_clip(tmp_path / "a.mp4", 30), modelsToRun="color_detection"))
    page = visitor.open("/system")
    for name in SERVERS:
        expect(page.locator(f"[data-server='{name}'] .state")).to_have_text("good")
    expect(page.locator("#models tbody tr").first).to_contain_text("dominant_colors")
    expect(page.locator("#workers tbody td.number").first).to_be_visible()
    expect(page.locator("#processes")).to_contain_text("worker")
    expect(page.locator("#level")).not_to_have_text("Something does not work")
    visitor.check_accessible()
    visitor.photograph("system", tmp_path)


@pytest.fixture
def beat(tmp_path: Path) -> Path:
    """Where ingest shows that it lives, in a folder of its own; it has been silent for an hour."""
    file = beat_file(tmp_path / "api", "ingest")
    file.parent.mkdir(parents=True)
    file.touch()
    os.utime(file, (time.time() - 3600, time.time() - 3600))
    return file


@pytest.fixture
def without_ingest(browser: Browser, stack: Trial, beat: Path, tmp_path: Path) -> Iterator[Visitor]:
    """Somebody who looks at a service whose ingest hangs."""
    with running_api(tmp_path / "api", stack.cassandra(), stack.kafka()) as api:
        visitor = Visitor(browser, api.url)
        yield visitor
        visitor.leave()


def test_what_hangs_is_red_with_advice_until_it_is_back(without_ingest: Visitor, beat: Path, tmp_path: Path) -> None:
    page = without_ingest.open("/system")
    expect(page.locator("#level")).to_have_text("Something does not work")
    state = page.locator("[data-server='ingest'] .state")
    expect(state).to_have_text("red")
    expect(page.locator("[data-server='cassandra'] .state")).to_have_text("good")
    advice = page.locator("#advice .problem")
    expect(advice).to_contain_text("Ingest is not well: ingest gave no sign of life")
    expect(advice.locator("code")).to_have_text("./run.sh logs ingest")
    without_ingest.check_accessible()
    without_ingest.photograph("system-red", tmp_path)
    beat.touch()
    expect(state).to_have_text("good")
    expect(page.locator("#advice .problem")).to_have_count(0)
