"""Clearing up on a schedule, over stores in one folder."""

import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.halt import Halted
from ingest.retention import DUTY, HOLD_SECONDS, Retention
from pipeline.clearing import Cleared, Stores
from pipeline.contracts.errors import LeaseLost
from pipeline.contracts.settings import IngestSettings
from pipeline.stores.duties import InMemoryDutyStore
from tests.unit.pipeline.clearings import JPEG, TICK, World, failing
from tests.waiting import wait_until

SOON = 2 * TICK / 86_400
"""Days; what was stored longer ago than that goes."""


class Clock:
    """Goes on by so many seconds whenever it is asked."""

    def __init__(self, step: float = 0.0) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def retention(world: World, stores: Stores | None = None, days: float | None = SOON, step: float = 0.0) -> Retention:
    return Retention(stores or world.stores, InMemoryDutyStore(), days, "a", Clock(step), first_seconds=0.01)


def test_what_is_older_goes_and_a_running_video_keeps_its_newer_frames(world: World) -> None:
    running, ended = world.processing(1, 2), world.ended(1)
    time.sleep(3 * TICK)
    world.store(running.video_id, 3)
    assert retention(world).clear() == Cleared(1, 3, 6, 3 * len(JPEG))
    assert world.stored(running.video_id) == [3]
    assert world.videos.get(ended.video_id) is None


@pytest.mark.parametrize(("days", "seconds"), [(0, 60), (0.5, 1800), (1, 3600), (30, 3600)])
def test_how_often(world: World, days: float, seconds: float) -> None:
    assert retention(world, days=days).pause == seconds


def test_it_runs_soon_after_the_start_and_ends_at_once(world: World) -> None:
    video = world.ended(1)
    time.sleep(3 * TICK)
    cleaner = retention(world)
    thread = threading.Thread(target=cleaner.run)
    thread.start()
    wait_until(lambda: world.videos.get(video.video_id) is None)
    cleaner.stop()
    thread.join(5)
    assert not thread.is_alive(), "it waits for its next run, which is far away"


def test_without_a_setting_nothing_goes(world: World) -> None:
    video = world.ended(1)
    retention(world, days=None).run()
    assert world.stored(video.video_id) == [1]


def test_it_stops_between_two_steps(world: World) -> None:
    video = world.processing(*range(1, 4001, 1000))
    cleaner = retention(world, days=0)
    cleared = world.results.clear

    def clear_and_stop(*values: object) -> None:
        cleaner.stop()
        cleared(*values)  # type: ignore[arg-type]

    world.results.clear = clear_and_stop  # type: ignore[method-assign, assignment]
    with pytest.raises(Halted):
        cleaner.clear()
    assert world.stored(video.video_id) == [1001, 2001, 3001]


def test_one_process_does_it_at_a_time(world: World) -> None:
    world.ended(1)
    time.sleep(TICK)
    duties = InMemoryDutyStore()
    assert duties.take(DUTY, "b", 60)
    mine = Retention(world.stores, duties, 0, "a")
    assert mine.clear() is None
    duties.leave(DUTY, "b")
    assert mine.clear() == Cleared(1, 1, 2, len(JPEG))
    assert duties.take(DUTY, "b", 60)


def test_a_long_round_holds_its_duty_on(world: World) -> None:
    world.processing(*range(1, 10001, 1000))
    duties = InMemoryDutyStore()
    taken: list[int] = []
    take = duties.take
    duties.take = lambda *values: taken.append(1) or take(*values)  # type: ignore[func-returns-value, method-assign]
    Retention(world.stores, duties, 0, "a", Clock(HOLD_SECONDS / 3 / 2)).clear()
    assert len(taken) > 3


def test_a_round_ends_when_another_process_has_taken_over(world: World) -> None:
    world.processing(*range(1, 10001, 1000))
    duties = InMemoryDutyStore()
    mine = Retention(world.stores, duties, 0, "a", Clock(HOLD_SECONDS))
    held = iter([True, False])
    duties.take = lambda *values: next(held)  # type: ignore[method-assign]
    with pytest.raises(LeaseLost):
        mine.clear()


def test_a_store_that_fails_is_asked_again(world: World, caplog: pytest.LogCaptureFixture) -> None:
    video = world.ended(1)
    time.sleep(3 * TICK)
    broken = retention(world, failing(world.stores, 1))
    assert not broken._round()
    assert "put off" in caplog.text
    assert retention(world)._round()
    assert world.videos.get(video.video_id) is None


@pytest.mark.parametrize(("text", "days"), [("", None), ("7", 7), ("0.25", 0.25), ("0", 0)])
def test_the_setting(monkeypatch: pytest.MonkeyPatch, text: str, days: float | None) -> None:
    monkeypatch.setenv("FRAMEWISE_RETENTION_DAYS", text)
    assert IngestSettings().retention_days == days


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "week"])
def test_a_setting_that_makes_no_sense(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("FRAMEWISE_RETENTION_DAYS", text)
    with pytest.raises(ValueError, match="retention_days"):
        IngestSettings()


def test_ages_are_as_long_as_they_say(world: World) -> None:
    world.ended(1)
    assert retention(world, days=timedelta(hours=1) / timedelta(days=1)).clear() == Cleared()
