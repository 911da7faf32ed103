"""Streams of events over twins: order, resumption, states, previews, stores that are away, the end of the service."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.events import stream as stream_module
from api.events import watch as watch_module
from api.events.cursor import parse_id
from api.events.hub import EventHub
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from tests.unit.api.events.listening import TASKS, Event, World, some_services
from tests.unit.factories import a_video


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits longer than needed."""
    monkeypatch.setattr(watch_module, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(stream_module, "RETRY_SECONDS", 0.01)


@pytest.fixture
def world() -> Iterator[World]:
    hub = EventHub()
    yield World(some_services(hub))
    hub.close()


def rows(events: list[Event]) -> list[tuple[int, str]]:
    return [(e.data["frame_number"], e.data["task"]) for e in events if e.kind == "result"]


def states(events: list[Event]) -> list[str]:
    return [e.data["status"] for e in events if e.kind == "state" and e.id]


def test_rows_come_in_order_between_their_states(world: World) -> None:
    world.sample(1, 2, 3)
    world.finish(3, 1)
    first = asyncio.run(world.hear(None))
    assert states(first) == ["processing"]
    assert rows(first) == [(1, task) for task in TASKS]
    world.finish(2)
    world.become(VideoStatus.COMPLETED)
    rest = asyncio.run(world.hear(first[-1].id))
    assert rows(rest) == [(n, task) for n in (2, 3) for task in TASKS]
    assert states(rest) == ["completed"]
    assert rest[-1].kind == "state"
    assert rest[-1].data["frames"]["done"] == 3
    assert rest[-1].data["progress"] == 1


def test_it_follows_what_happens(world: World) -> None:
    async def follow() -> list[Event]:
        found = []
        async with aclosing(world.listen(None)) as events:
            async for event in events:
                found.append(event)
                if len(rows(found)) == 2 and event.kind == "result":
                    world.finish(2)
                if len(rows(found)) == 4 and event.kind == "result":
                    world.become(VideoStatus.FAILED)
        return found

    world.sample(1, 2, 9)
    world.finish(1)
    found = asyncio.run(asyncio.wait_for(follow(), 20))
    assert rows(found) == [(n, task) for n in (1, 2) for task in TASKS]
    assert states(found) == ["processing", "failed"]


def test_frames_that_never_come_are_passed_over(world: World) -> None:
    world.sample(1, 2, 3, 4)
    world.finish(2, 4)
    assert rows(asyncio.run(world.hear(None))) == []
    world.become(VideoStatus.CANCELLED)
    assert rows(asyncio.run(world.hear(None))) == [(n, task) for n in (2, 4) for task in TASKS]


def test_a_video_that_is_deleted_says_so_without_an_id(world: World) -> None:
    first = asyncio.run(world.hear(None))
    assert states(first) == ["processing"]

    async def follow() -> list[Event]:
        found = []
        async with aclosing(world.listen(first[-1].id)) as events:
            asyncio.get_running_loop().call_later(0.05, world.delete)
            async for event in events:
                found.append(event)
        return found

    *_, last = asyncio.run(asyncio.wait_for(follow(), 20))
    assert (last.kind, last.data["status"], last.id) == ("state", "deleted", None)


def test_after_a_retry_the_rest_of_the_old_comes_before_the_new(world: World) -> None:
    world.sample(1, 2, 3, 4)
    world.finish(1, 2, 4)
    world.finish(3, fails=True)
    world.become(VideoStatus.FAILED)
    every = asyncio.run(world.hear(None))
    known = every[:3]
    world.retry()
    world.finish(3)
    world.become(VideoStatus.COMPLETED)
    rest = asyncio.run(world.hear(known[-1].id))
    assert rows(rest) == [*[(n, t) for n in (1, 2, 4) for t in TASKS][3:], *[(3, t) for t in TASKS]]
    assert states(rest) == ["completed"]
    assert rows(asyncio.run(world.hear(every[-1].id))) == [(3, t) for t in TASKS]


def test_counts_without_an_id_come_between(world: World) -> None:
    async def follow() -> list[Event]:
        found = []
        async with aclosing(world.listen(None)) as events:
            async for event in events:
                found.append(event)
                if event.kind == "state" and event.id:
                    world.finish(1, 2, 3, 4)
                if event.kind == "state" and event.data["frames"]["done"] == 4:
                    break
        return found

    world.sample(*range(1, 9))
    found = asyncio.run(asyncio.wait_for(follow(), 20))
    assert found[-1].id is None


def test_previews_come_at_once(world: World) -> None:
    async def follow() -> list[Event]:
        found = []
        async with aclosing(world.listen(None, previews=True)) as events:
            async for event in events:
                found.append(event)
                if event.kind == "state" and event.id:
                    world.finish(7)
                if event.kind == "preview" and event.data["task"] == TASKS[-1]:
                    break
        return found

    world.sample(1, 7)
    found = asyncio.run(asyncio.wait_for(follow(), 20))
    previews = [e for e in found if e.kind == "preview"]
    assert [(e.data["frame_number"], e.data["task"]) for e in previews] == [(7, task) for task in TASKS]
    assert {e.id for e in previews} == {None}
    assert previews[0].data["detections"][0]["label"] == "dog"
    assert rows(found) == []


class Away(InMemoryResultStore):
    """A store that does not answer every other time."""

    asked = 0

    def written(self, *arguments: Any, **named: Any) -> Any:
        self.asked += 1
        if self.asked % 2:
            raise StoreUnavailable("away")
        return super().written(*arguments, **named)


class AwayVideos(InMemoryVideoStore):
    """The same of videos."""

    asked = 0

    def get(self, video_id: UUID) -> Video | None:
        self.asked += 1
        if self.asked % 2:
            raise StoreUnavailable("away")
        return super().get(video_id)


def test_a_store_that_is_away_delays_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_module, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(stream_module, "ROWS_AT_ONCE", 3)
    monkeypatch.setattr(stream_module, "HEARTBEAT_SECONDS", 0.05)
    hub = EventHub()
    world = World(replace(some_services(hub), videos=AwayVideos(), results=Away()))
    world.sample(*range(1, 11))
    world.finish(*range(1, 11))
    world.become(VideoStatus.COMPLETED)
    found = asyncio.run(world.hear(None, patience=10))
    assert rows(found) == [(n, task) for n in range(1, 11) for task in TASKS]
    assert states(found) == ["completed"]
    hub.close()


def test_streams_end_with_the_service(world: World) -> None:
    async def follow() -> None:
        async with aclosing(world.listen(None)) as events:
            async for _ in events:
                world.services.events.stop()

    asyncio.run(asyncio.wait_for(follow(), 5))
    assert not world.services.events._watches


def test_streams_of_one_video_share_a_watch(world: World) -> None:
    looks = 0
    get = world.services.videos.get

    def counted(video_id: UUID) -> Video | None:
        nonlocal looks
        looks += 1
        return get(video_id)

    reads = 0
    written = world.services.results.written

    def counted_reads(*arguments: Any) -> Any:
        nonlocal reads
        reads += 1
        return written(*arguments)

    world.services.videos.get = counted  # type: ignore[method-assign]
    world.services.results.written = counted_reads  # type: ignore[method-assign, assignment]

    async def follow() -> list[list[Event]]:
        return await asyncio.gather(*(world.hear(None, patience=0.5) for _ in range(50)))

    world.sample(1, 2)
    world.finish(1)
    for heard in asyncio.run(follow()):
        assert rows(heard) == [(1, task) for task in TASKS]
    assert looks < 10
    assert reads < 10


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False), st.integers(1, 25), st.integers(0, 3), st.sampled_from([1, 300]))
def test_the_union_of_all_connections_is_what_is_stored(
    chance: random.Random, frames: int, retries: int, step: int
) -> None:
    """Outcomes in any order, some failed, retries, connections that end anywhere: nothing twice, nothing missing."""
    hub = EventHub()
    world = World(some_services(hub), a_video(uuid4(), VideoStatus.PROCESSING))
    numbers = [1 + n * step for n in range(frames)]
    heard: list[Event] = []

    def last_id() -> str | None:
        return next((event.id for event in reversed(heard) if event.id), None)

    def listen() -> None:
        heard.extend(asyncio.run(world.hear(last_id(), chance.choice([1, 2, 5, 50]), 0.03)))

    for attempt in range(retries + 1):
        last = attempt == retries
        waiting = [n for n in numbers if (n, TASKS[0].value) not in world.stored()]
        if attempt == 0:
            world.sample(*numbers)
        while waiting and (last or chance.random() > 0.05):
            number = waiting.pop(chance.randrange(len(waiting)))
            world.finish(number, fails=not last and chance.random() < 0.3)
            if chance.random() < 0.3:
                listen()
        world.become(VideoStatus.COMPLETED if last else VideoStatus.FAILED)
        if not last:
            if chance.random() < 0.5:
                listen()
            world.retry()
    heard.extend(asyncio.run(world.hear(last_id(), patience=2)))
    ids = [event.id for event in heard if event.id]
    places = [parse_id(text, world.video) for text in ids]
    assert places == sorted(set(places))
    now = {(e.data["frame_number"], e.data["task"]) for e in heard if e.kind == "result" and not e.data["error"]}
    assert now == world.stored()
    good = rows([e for e in heard if e.kind == "result" and not e.data["error"]])
    assert len(good) == len(set(good))
    assert heard[-1].data["status"] == "completed"
    hub.close()
