"""The frontier: behind it no row of an attempt comes any more."""

import random
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.events.hub import EventHub
from pipeline.contracts.videos import VideoStatus
from pipeline.frontier import Frontier
from tests.unit.api.events.listening import World, some_services
from tests.unit.factories import a_video


@pytest.fixture
def world() -> World:
    return World(some_services(EventHub()))


def frontier(world: World) -> Frontier:
    return Frontier(world.services.videos, world.services.results, world.video.video_id)


def test_it_stands_before_the_first_frame_without_an_outcome(world: World) -> None:
    found = frontier(world)
    assert found.advance(world.video) == 0
    world.sample(1, 11, 21, 31)
    world.finish(1, 21)
    assert found.advance(world.video) == 10
    world.finish(11)
    assert found.advance(world.video) == 30
    world.finish(31, fails=True)
    assert found.advance(world.video) == 31


def test_an_outcome_beyond_the_known_frames_does_not_move_it(world: World) -> None:
    found = frontier(world)
    world.sample(1, 11)
    world.finish(1, 11, 21)
    assert found.advance(world.video) == 11


def test_it_goes_over_buckets(world: World) -> None:
    found = frontier(world)
    numbers = [*range(991, 1040, 10), 5001]
    world.sample(*numbers)
    world.finish(*numbers[:-1])
    assert found.advance(world.video) == 5000
    world.finish(5001)
    assert found.advance(world.video) == 5001


def test_what_failed_before_a_retry_is_waited_for(world: World) -> None:
    world.sample(1, 2, 3)
    world.finish(1, 3)
    world.finish(2, fails=True)
    world.become(VideoStatus.FAILED)
    found = frontier(world)
    assert found.advance(world.video) == 3
    before = world.video
    world.retry()
    world.services.results.save([world._outcome(2, True)], {before.video_id: before.attempt_timestamp})
    assert found.advance(world.video) == 1
    world.finish(2, fails=True)
    assert found.advance(world.video) == 3


@settings(deadline=None, max_examples=60)
@given(st.randoms(use_true_random=False), st.integers(1, 60), st.sampled_from([1, 7, 100, 500, 1300]))
def test_nothing_comes_behind_it(chance: random.Random, frames: int, step: int) -> None:
    """Whatever order outcomes come in, and however far ahead ingest has written."""
    world = World(some_services(EventHub()), a_video(uuid4(), VideoStatus.PROCESSING))
    numbers = [1 + n * step for n in range(frames)]
    found, waiting, known, at = frontier(world), list(numbers), 0, 0
    while waiting:
        if chance.random() < 0.5 and known < frames:
            known = chance.randint(known + 1, frames)
            world.sample(*numbers[:known])
        number = waiting.pop(chance.randrange(min(len(waiting), 8)))
        assert number > at
        world.finish(number)
        assert found.advance(world.video) >= at
        at = found.advance(world.video)
    world.sample(*numbers)
    for _ in range(1 + numbers[-1] // 20_000):
        found.advance(world.video)
    assert found.advance(world.video) == numbers[-1]
