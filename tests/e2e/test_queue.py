"""What people are told while they wait: places, rates, waits and progress of a real analysis."""

import statistics
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clips import make_clip
from tests.e2e.service import ENDED, WAIT_SECONDS, Service

EARLIER, CLIPS, FRAMES = 4, 8, 240
LONG_WAIT = 10.0
Sample = tuple[datetime, dict[str, Any]]


def watch(service: Service, paths: list[str]) -> dict[str, list[Sample]]:
    """What is said of each video until it has ended, twice a second."""
    said: dict[str, list[Sample]] = defaultdict(list)
    until = time.monotonic() + WAIT_SECONDS
    left = list(paths)
    while left:
        assert time.monotonic() < until, "not ended"
        for path in left:
            said[path].append((datetime.now(UTC), service.http.get(path).raise_for_status().json()))
        left = [path for path in left if said[path][-1][1]["status"] not in ENDED]
        time.sleep(0.5)
    return said


@pytest.mark.slow
def test_what_is_said_while_videos_wait_and_run_is_true(
    service: Service, models: dict[str, Any], tmp_path: Path
) -> None:
    clip = make_clip(tmp_path / "clip.mp4", FRAMES, size=(640, 480))
    # A service that has just started is slow, and its speed is that of the last minute: others may have asked for more.
    watch(service, [service.upload(clip, modelsToRun="objects_detection") for _ in range(EARLIER)])
    paths = [service.upload(clip, modelsToRun="objects_detection") for _ in range(CLIPS)]
    said = watch(service, paths)
    for samples in said.values():
        check_progress([video for _, video in samples])
        check_stages(samples[-1][1])
    places = [video["position"] for _, video in said[paths[-1]] if video["position"] is not None]
    assert places, "the last one never waited"
    assert places == sorted(places, reverse=True)
    assert any(video["rate"] for samples in said.values() for _, video in samples)
    check_waits(said)


def check_progress(videos: list[dict[str, Any]]) -> None:
    """It never falls, and is never more than the truth."""
    last = videos[-1]
    assert (last["status"], last["frames"]["expected"]) == ("completed", FRAMES)
    assert [last["progress"], last["eta_seconds"], last["position"]] == [1.0, None, None]
    for name in ("published", "done", "failed"):
        counts = [video["frames"][name] for video in videos]
        assert counts == sorted(counts), name
    shares = [video["progress"] for video in videos if video["progress"] is not None]
    assert shares == sorted(shares)
    for video in videos:
        assert (video["progress"] or 0) <= video["frames"]["done"] / FRAMES + 1e-9


def check_stages(video: dict[str, Any]) -> None:
    """Each began and ended in its turn."""
    stages = {stage["name"]: stage for stage in video["stages"]}
    assert list(stages) == ["downloading", "decoding", "analysing", "storing"]
    assert {stage["state"] for stage in stages.values()} == {"done"}
    began = [datetime.fromisoformat(stage["started_at"]) for stage in stages.values()]
    ended = [datetime.fromisoformat(stage["finished_at"]) for stage in stages.values()]
    assert began == sorted(began)
    assert all(start <= end for start, end in zip(began, ended, strict=True))
    assert ended[2] <= ended[3] <= datetime.fromisoformat(video["finished_at"])


def check_waits(answers: dict[str, list[Sample]]) -> None:
    """The waits that were told are off by half at most, on the whole."""
    told = []
    for samples in answers.values():
        end = datetime.fromisoformat(samples[-1][1]["finished_at"])
        for at, video in samples:
            truth = (end - at).total_seconds()
            if video["eta_seconds"] is not None and truth > LONG_WAIT:
                told.append((round(truth), round(video["eta_seconds"]), video["position"], video["rate"]))
    assert told, "no wait was told"
    assert 0.5 <= statistics.median(said / truth for truth, said, _, _ in told) <= 1.5, f"truth, told, …: {told}"
