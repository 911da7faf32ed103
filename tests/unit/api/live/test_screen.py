"""One video's screen: each view is drawn once a frame, the newest frame wins, the end is the end."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from api.live.hub import LiveHub
from api.live.screen import Picture, Screen, Seen, Viewer
from api.live.shots import Shot, View
from pipeline.contracts.errors import StoreUnavailable
from pipeline.kafka.codecs import encode_outcome
from tests.unit.factories import analyzed

PLAIN, DRAWN = View(annotate=False), View()


@dataclass
class Pretended:
    """A video that does as it is told; counts what is drawn of it."""

    seen: Seen = field(default_factory=lambda: Seen(over=False))
    stored: Callable[[Shot], bytes | None] = lambda shot: b"picture %d" % shot.frame_number
    drawn: Counter[tuple[int, View]] = field(default_factory=Counter)
    away: bool = False

    def look(self, shot_wanted: bool) -> Seen:
        if self.away:
            raise StoreUnavailable("away")
        return self.seen

    def draw(self, shot: Shot, view: View) -> bytes | None:
        jpeg = self.stored(shot)
        if jpeg:
            self.drawn[shot.frame_number, view] += 1
        return jpeg


def a_shot(number: int, attempt: int = 1) -> Shot:
    return Shot(attempt, number, number / 10, ())


@asynccontextmanager
async def shown(scene: Pretended, *views: View) -> AsyncIterator[tuple[Screen, list[Viewer]]]:
    with ThreadPoolExecutor(2) as pool:
        screen = Screen(scene, pool)
        viewers = [Viewer(view) for view in views]
        for viewer in viewers:
            screen.join(viewer)
        yield screen, viewers
        screen.task.cancel()


async def see(screen: Screen, viewer: Viewer, number: int) -> Picture:
    """The picture of a frame, once it is there."""
    async with asyncio.timeout(5):
        while (picture := screen.picture(viewer.view)) is None or picture.shot.frame_number != number:
            viewer.news.clear()
            await viewer.news.wait()
    return picture


def test_each_view_is_drawn_once_for_all_who_look() -> None:
    async def look() -> Counter[tuple[int, View]]:
        scene = Pretended()
        async with shown(scene, DRAWN, DRAWN, DRAWN, PLAIN) as (screen, viewers):
            for number in (1, 2):
                screen.show(a_shot(number))
                for viewer in viewers:
                    assert (await see(screen, viewer, number)).jpeg == b"picture %d" % number
        return scene.drawn

    assert asyncio.run(look()) == {(1, DRAWN): 1, (1, PLAIN): 1, (2, DRAWN): 1, (2, PLAIN): 1}


def test_who_comes_later_sees_the_newest_at_once() -> None:
    async def look() -> None:
        async with shown(Pretended(), DRAWN) as (screen, viewers):
            screen.show(a_shot(7))
            await see(screen, viewers[0], 7)
            screen.join(late := Viewer(PLAIN))
            await see(screen, late, 7)

    asyncio.run(look())


def test_what_is_drawn_slowly_skips_frames_but_not_the_last() -> None:
    async def look() -> Counter[tuple[int, View]]:
        scene, go_on = Pretended(), threading.Event()
        scene.stored = lambda shot: b"x" if go_on.wait(5) else None
        async with shown(scene, DRAWN) as (screen, viewers):
            screen.show(a_shot(1))
            await asyncio.sleep(0.1)
            for number in range(2, 100):
                screen.show(a_shot(number))
            go_on.set()
            await see(screen, viewers[0], 99)
        return scene.drawn

    drawn = asyncio.run(look())
    assert len(drawn) <= 3
    assert (99, DRAWN) in drawn


def test_a_frame_that_comes_late_does_not_turn_time_back_but_another_attempt_does() -> None:
    async def look() -> None:
        async with shown(Pretended(), DRAWN) as (screen, viewers):
            screen.show(a_shot(5))
            screen.show(a_shot(4))
            await see(screen, viewers[0], 5)
            screen.show(a_shot(2, attempt=2))
            await see(screen, viewers[0], 2)

    asyncio.run(look())


def test_a_result_that_is_there_before_its_picture_is_shown_with_it() -> None:
    async def look() -> None:
        scene, tries = Pretended(), Counter[str]()

        def later(shot: Shot) -> bytes | None:
            tries["asked"] += 1
            return b"x" if tries["asked"] > 2 else None

        scene.stored = later
        async with shown(scene, DRAWN) as (screen, viewers):
            screen.show(a_shot(1))
            await see(screen, viewers[0], 1)

    asyncio.run(look())


def test_a_picture_that_cannot_be_shown_is_left_out() -> None:
    async def look() -> None:
        scene = Pretended(stored=lambda shot: b"" if shot.frame_number == 2 else b"x")
        async with shown(scene, DRAWN) as (screen, viewers):
            for number in (1, 2):
                screen.show(a_shot(number))
                await asyncio.sleep(0.1)
            assert (await see(screen, viewers[0], 1)).jpeg == b"x"
            screen.show(a_shot(3))
            await see(screen, viewers[0], 3)

    asyncio.run(look())


def test_without_the_topic_the_stores_say_what_is_newest() -> None:
    async def look() -> None:
        scene = Pretended(Seen(over=False, shot=a_shot(1)))
        async with shown(scene, DRAWN) as (screen, viewers):
            await see(screen, viewers[0], 1)
            scene.away = True
            await asyncio.sleep(1.1)
            scene.away, scene.seen = False, Seen(over=False, shot=a_shot(30))
            await see(screen, viewers[0], 30)

    asyncio.run(look())


def test_the_end_comes_with_the_last_frame() -> None:
    async def look() -> None:
        scene = Pretended(Seen(over=True, shot=a_shot(9)))
        async with shown(scene, DRAWN) as (screen, viewers):
            await asyncio.wait_for(screen.task, 5)
            assert screen.over
            assert (await see(screen, viewers[0], 9)).jpeg == b"picture 9"

    asyncio.run(look())


def test_of_a_video_that_is_gone_nothing_is_shown_any_more() -> None:
    async def look() -> None:
        scene = Pretended()
        async with shown(scene, DRAWN) as (screen, viewers):
            screen.show(a_shot(1))
            await see(screen, viewers[0], 1)
            scene.seen = Seen(over=True, gone=True)
            await asyncio.wait_for(screen.task, 5)
            assert screen.picture(DRAWN) is None

    asyncio.run(look())


def test_only_videos_that_are_looked_at_hear_of_their_frames() -> None:
    async def look() -> None:
        hub, scene, video_id = LiveHub(), Pretended(), UUID(int=7)
        frames = [analyzed(owner, number) for owner in (video_id, UUID(int=8)) for number in (1, 2, 3)]
        records = [(frame.video_id.bytes, encode_outcome(frame)) for frame in frames]
        with hub.look(video_id, DRAWN, scene) as (screen, viewer):
            hub.hear([*records, (None, b""), (b"short", b"x"), (video_id.bytes, None)])
            picture = await see(screen, viewer, 3)
            assert [row.detections[0].label for row in picture.shot.rows] == ["dog"]
            hub.hear([(video_id.bytes, b"{}")])
        hub.hear(records)
        hub.close()
        assert sorted(number for number, _ in scene.drawn) == [3]

    asyncio.run(look())
