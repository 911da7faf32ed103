"""The process that makes tracks: there while some are owed, and again when it has died."""

import sys
import threading
from uuid import uuid4

import pytest

from ingest.tracking import FIRST_PAUSE, TrackingProcess
from pipeline.stores.in_memory_tracks import InMemoryTrackStore
from tests.unit.tracking.scenes import Clock
from tests.waiting import wait_until

WAITS = (sys.executable, "-c", "import sys; sys.stdin.read()")
ENDS = (sys.executable, "-c", "pass")
FAILS = (sys.executable, "-c", "import sys; sys.exit(3)")


@pytest.fixture
def store() -> InMemoryTrackStore:
    return InMemoryTrackStore()


def running(process: TrackingProcess) -> bool:
    return process._child is not None and process._child.poll() is None


def test_it_is_started_when_tracks_are_owed_and_ends_with_its_input(store: InMemoryTrackStore) -> None:
    process = TrackingProcess(store, Clock(), WAITS)
    process.look()
    assert not running(process)
    store.owe(uuid4())
    process.look()
    assert running(process)
    child = process._child
    process.look()
    assert process._child is child, "one is enough"
    process.stop()
    threading.Thread(target=process.run, daemon=True).start()
    assert child is not None
    assert child.wait(10) == 0


def test_one_that_had_nothing_to_do_is_started_again_at_once(store: InMemoryTrackStore) -> None:
    process = TrackingProcess(store, Clock(), ENDS)
    store.owe(uuid4())
    process.look()
    first = process._child
    wait_until(lambda: not running(process), 10)
    process.look()
    assert process._child not in (None, first)
    wait_until(lambda: not running(process), 10)
    process._end()


def test_one_that_dies_is_started_again_later_and_later(store: InMemoryTrackStore) -> None:
    clock = Clock()
    process = TrackingProcess(store, clock, FAILS)
    store.owe(uuid4())
    for pause in (FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE):
        process.look()
        wait_until(lambda: not running(process), 10)
        process.look()
        assert process._child is None, "not at once"
        clock.now += 0.9 * pause
        process.look()
        assert process._child is None
        clock.now += 0.2 * pause
    process.look()
    assert process._child is not None
    wait_until(lambda: not running(process), 10)
    process._end()
