"""Long videos do not hold up short ones, and a queue that is full says so."""

from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.priority import NICENESS
from tests.e2e.clips import make_clip
from tests.e2e.service import Service
from tests.processes import gives_way


def seconds(video: dict[str, Any]) -> float:
    """From submission to completion."""
    created, finished = (datetime.fromisoformat(video[name]) for name in ("created_at", "finished_at"))
    return (finished - created).total_seconds()


def test_a_short_video_completes_long_before_the_long_ones_beside_it(
    service: Service, models: dict[str, Any], tmp_path: Path
) -> None:
    long_clip = make_clip(tmp_path / "long.mp4", 300, size=(640, 480))
    short_clip = make_clip(tmp_path / "short.mp4", 10, size=(640, 480))
    tasks = '["objects_detection", "color_detection", "faces_detection", "emotions_detection"]'
    paths = [service.upload(clip, modelsToRun=tasks) for clip in (long_clip, long_clip, short_clip)]
    *longs, short = [service.completed(path) for path in paths]
    assert [v["frames"]["done"] for v in (*longs, short)] == [300, 300, 10]
    assert seconds(short) < min(map(seconds, longs)) / 2, [seconds(v) for v in (*longs, short)]
    assert gives_way(service.rows(paths[-1])) == {NICENESS}, "what is live would go first"
