"""Charts and the report made of insights."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

from bokeh.embed import json_item
from fastapi.testclient import TestClient

from api.trends.answers import InsightsAnswer
from api.trends.charts import charts
from api.trends.looks import DARK
from pipeline.contracts.videos import Video
from tests.unit.api.trends.conftest import Seen, sight
from tests.unit.api.trends.test_insights import DAY, MONDAY, asked, street

__all__ = ["street"]

NASTY = "</script><script>alert(1)</script>"


def test_the_report_is_one_file_that_asks_for_nothing(client: TestClient, street: Video) -> None:
    answer = client.get("/analysis/insights/report", params=DAY | {"label": "dog", "timezone": "Europe/Berlin"})
    assert answer.headers["content-disposition"] == 'attachment; filename="framewise-20260302-20260303.html"'
    assert answer.headers["content-type"].startswith("text/html")
    text = answer.text
    assert "4 detections in 1\n  video, 1 of them live" in text
    assert "label: dog" in text
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", text)
    assert all(title in text for title in ("Over time", "By label", "By camera or video", "By weekday and hour"))


def test_what_users_wrote_stays_text(client: TestClient, seen: Seen) -> None:
    seen(sight(0, NASTY), created_at=MONDAY, video_name=NASTY)
    text = client.get("/analysis/insights/report", params=DAY).text
    assert "alert(1)" in text
    assert NASTY not in text


def test_nothing_found_is_said_without_charts(client: TestClient) -> None:
    text = client.get("/analysis/insights/report", params=DAY).text
    assert "Nothing was found" in text
    assert len(text) < 5000


def test_charts_show_the_zones_clocks(client: TestClient, seen: Seen) -> None:
    seen(*(sight(s, "dog", "cat") for s in range(5)), created_at=MONDAY)
    seen(sight(1, "dog"), created_at=MONDAY + timedelta(hours=3), video_name="a.mp4")
    answer = InsightsAnswer.model_validate(
        {**(shown := asked(client, step="hour", timezone="Asia/Kolkata")), "from_": shown["from"]}
    )
    made: dict[str, Any] = {**charts(answer, DARK)}
    columns = made["over_time"].renderers[0].data_source.data
    first = next(i for i, found in enumerate(columns["s0"]) if found)
    assert columns["when"][first] == "Mon 02 Mar 2026, 14:00"
    shown_at = datetime.fromtimestamp(columns["at"][first] / 1000 - 0.9 * 3600 / 1.8, tz=MONDAY.tzinfo)
    assert shown_at.strftime("%H:%M") == "14:00"
    assert list(made["by_camera"].y_range.factors) == ["a.mp4 · 2", "a.mp4"]
    week = made["by_weekday_and_hour"].renderers[0].data_source.data
    assert {(d, h): n for d, h, n in zip(week["weekday"], week["hour"], week["count"], strict=True) if n} == {
        ("Monday", 14): 10,
        ("Monday", 17): 1,
    }
    for chart in made.values():
        json.dumps(json_item(chart))


def test_all_other_labels_are_one_series(client: TestClient, seen: Seen) -> None:
    seen(sight(0, *(f"label {n}" for n in range(15))), created_at=MONDAY)
    shown = asked(client)
    assert (len(shown["over_time"]), sum(shown["others"]), len(shown["labels"])) == (12, 3, 15)
