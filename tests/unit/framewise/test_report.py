"""What was found over all videos, from the command line."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.services import Services
from framewise.cli.main import main
from ingest.indexer import Indexed, Indexer
from pipeline.contracts.videos import Video
from tests.unit.framewise.test_cli import Run, run

__all__ = ["run"]

SPAN = ("--since", "2026-01-02T03:00:00", "--until", "2026-01-02T04:00:00")


@pytest.fixture
def indexed(services: Services, video: Video) -> Video:
    """A video of seven dogs, each surer, submitted on 2 January 2026 at 03:04:05 UTC."""
    Indexer(Indexed(services.videos, services.results, services.digests, services.search), first_seconds=0).index()
    return video


def test_a_table_of_labels(run: Run, indexed: Video) -> None:
    status, shown, _ = run("insights", *SPAN, "--min-confidence", 0.35)
    assert status == 0
    assert shown.splitlines()[1].split("\t")[:6] == ["objects_detection", "dog", "4", "4", "1", "0.70"]


def test_json_holds_the_steps(run: Run, indexed: Video) -> None:
    status, shown, _ = run("insights", *SPAN, "--step", "quarter", "--json", "--video", indexed.video_id)
    found = json.loads(shown)
    assert (status, found["over_time"][0]["detections"], found["timezone"]) == (0, [7, 0, 0, 0, 0], "UTC")


def test_a_report_is_one_file(run: Run, indexed: Video, tmp_path: Path) -> None:
    status, shown, _ = run("report", *SPAN, "--out", "found.html", "--label", "dog", "--files")
    text = (tmp_path / "found.html").read_text()
    assert (status, shown) == (0, f"found.html: {len(text.encode())} bytes\n")
    assert "7 detections in 1" in text
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", text)
    assert list(tmp_path.iterdir()) == [tmp_path / "found.html"]


def test_the_last_days_are_counted_from_now(run: Run, indexed: Video) -> None:
    age = (datetime.now(UTC) - indexed.created_at).days
    assert "dog" in run("insights", "--days", age + 1)[1]
    assert "dog" not in run("insights", "--days", 0.01)[1]


def test_what_is_wrong_is_said_and_nothing_is_written(run: Run, tmp_path: Path) -> None:
    assert run("report", "--days", 1, "--since", "2026-01-01")[0] == 2
    status, _, errors = run("report", "--timezone", "Mars/Olympus")
    assert (status, "Mars/Olympus" in errors) == (1, True)
    assert list(tmp_path.iterdir()) == []
    assert main(["report", "--step", "week"]) == 1
