"""Workers come and go while a video is analysed: nothing is lost, and what they do adds up."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from benchmarks.at_work import Stint, stints
from pipeline import workforce
from pipeline.cassandra.client import CassandraClient
from stack import workers
from stack.trial import Trial, trial
from tests.e2e.clips import make_clip
from tests.e2e.service import Service
from tests.waiting import wait_until

FRAMES = 900
ALL_TASKS = "objects_detection,faces_detection,emotions_detection,color_detection"


def change(stack: Trial, number: int) -> None:
    """Have so many workers, as `./run.sh workers N` has."""
    assert workers.change(stack.settings, number, lambda text: None) == 0


def done(service: Service, path: str) -> int:
    """How many frames have an outcome."""
    frames: dict[str, int] = service.http.get(path).raise_for_status().json()["frames"]
    return frames["done"]


def manned(service: Service) -> tuple[int, int]:
    """How many workers for files are wanted and at work, as the status shows."""
    shown = service.http.get("/status").raise_for_status().json()["workforce"]
    return shown["wanted"], shown["working"]


@pytest.fixture
def as_before(stack: Trial) -> Iterator[None]:
    """The stack has two workers again for the tests that follow."""
    yield
    there = workforce.said(stack.settings.data_dir)
    if there is None or there.working != 2:
        change(stack, 2)
    workforce.forget(stack.settings.data_dir)


def test_one_goes_and_another_comes_while_a_file_is_analysed(
    service: Service, stack: Trial, models: dict[str, dict[str, Any]], as_before: None, tmp_path: Path
) -> None:
    clip = make_clip(tmp_path / "long.mp4", FRAMES, size=(640, 360))
    path = service.upload(clip, modelsToRun="objects_detection")
    wait_until(lambda: done(service, path) > 20, 60)
    change(stack, 1)
    wait_until(lambda: manned(service) == (1, 1), 10)  # what the status shows may be a second old
    change(stack, 2)
    service.completed(path)
    rows = service.rows(path)
    assert sorted(row["frame_number"] for row in rows) == list(range(1, FRAMES + 1))
    assert {row["status"] for row in rows} == {"ok"}
    assert len({row["worker"] for row in rows}) >= 2


@pytest.fixture(scope="module")
def alone(media: Path) -> Iterator[Trial]:
    """A stack that begins with one worker, has short micro-batches, and knows a camera that plays a film once."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FRAMEWISE_TRIGGER_FRAMES", "100")
        environment.setenv("FRAMEWISE_DEVICES", f"film=file:{media / 'video' / 'bottles.mp4'}")
        with trial(workers=1) as running:
            yield running


def overlap(done: set[Stint]) -> bool:
    """Whether two workers had frames in hand at the same moment."""
    return any(
        one.worker != other.worker and one.began < other.ended and other.began < one.ended
        for one, other in itertools.combinations(done, 2)
    )


@pytest.mark.slow
def test_a_second_worker_works_on_both_feeds_beside_the_first_and_its_going_loses_nothing(
    alone: Trial, media: Path
) -> None:
    """How much it adds is measured by `benchmarks.feeds`."""
    service, store = Service(alone.settings.api_url), CassandraClient(alone.cassandra())
    film = media / "video" / "people_vtest.avi"
    paths = [service.upload(film, modelsToRun=ALL_TASKS) for _ in range(2)]
    wait_until(lambda: all(done(service, path) > 20 for path in paths), 120)
    change(alone, 2)
    log = alone.settings.log_dir / "analysis.log"
    wait_until(lambda: log.read_text().count("by 2 workers") >= 3, 120)
    change(alone, 1)
    for path in paths:
        video = service.completed(path)
        rows = service.rows(path)
        assert len(rows) == 4 * video["frames"]["expected"]
        assert {row["status"] for row in rows} == {"ok"}
        assert len({row["worker"] for row in rows}) == 2
    assert overlap(stints(store, [UUID(path.rpartition("/")[2]) for path in paths], 1000))
    service.http.close()
    store.close()


@pytest.mark.slow
def test_live_frames_get_another_worker_while_theirs_have_no_rest(alone: Trial, media: Path) -> None:
    """Two cameras of thirty frames a second are more than one worker does; with `keep: all` none is left out."""
    service = Service(alone.settings.api_url)
    body = {"streamURL": "device:film", "modelsToRun": ALL_TASKS.split(","), "frameStep": 1, "keep": "all"}
    answers = [service.http.post("/analysis/stream", json=body).raise_for_status() for _ in range(2)]
    paths = [answer.json()["status_url"] for answer in answers]
    wait_until(lambda: all(done(service, path) > 5 for path in paths), 120)
    assert live(alone) == 1
    change(alone, 2)
    wait_until(lambda: live(alone) == 2, 120)
    wait_until(lambda: sum(done(service, path) for path in paths) > 900, 120)
    change(alone, 1)
    wait_until(lambda: live(alone) == 1, 60)
    names = set()
    for path in paths:
        video = service.completed(path)
        assert video["frames"]["dropped"] == 0
        rows = service.rows(path)
        assert len(rows) == 4 * video["frames"]["expected"]
        names |= {row["worker"] for row in rows}
    service.http.close()
    assert len(names) >= 2, "tasks that begin anew take any process that is free"


def live(stack: Trial) -> int:
    """Workers for live frames."""
    there = workforce.said(stack.settings.data_dir)
    return 0 if there is None else there.live
