"""How many frames may be under way, on a clock of the test's own."""

from uuid import UUID, uuid4

from ingest.pace import (
    ALONE_SECONDS,
    LEARNING_SECONDS,
    LEAST_FRAMES,
    LEAST_OF_EACH,
    SHARED_SECONDS,
    WHOLE,
    WINDOW_SECONDS,
    Pace,
)
from pipeline.contracts.results import TaskName
from tests.clock import Clock


def working(pace: Pace, clock: Clock, rates: dict[UUID, int], seconds: int, done: dict[UUID, int]) -> None:
    """Let so much time go by, with so many outcomes a second for each video."""
    for _ in range(seconds):
        clock.now += 1
        for video_id, rate in rates.items():
            done[video_id] = done.get(video_id, 0) + rate
            pace.note(video_id, done[video_id])


def test_nothing_is_known_at_first() -> None:
    pace = Pace(clock=Clock(100.0))
    pace.begin(uuid4())
    assert pace.allowance() == LEAST_FRAMES
    pace.begin(uuid4())
    assert pace.allowance() == LEAST_FRAMES // 2
    pace.begin(uuid4())
    pace.begin(uuid4())
    assert pace.allowance() == LEAST_OF_EACH


def test_seconds_of_work_whatever_the_speed() -> None:
    for rate in (20, 60, 500):
        clock, video = Clock(100.0), uuid4()
        pace = Pace(clock=clock)
        pace.begin(video)
        working(pace, clock, {video: rate}, 40, {})
        assert abs(pace.allowance() - rate * ALONE_SECONDS) <= rate * 2


def test_several_share_and_one_alone_again_has_all() -> None:
    clock, first, second = Clock(100.0), uuid4(), uuid4()
    done: dict[UUID, int] = {}
    pace = Pace(clock=clock)
    pace.begin(first)
    pace.begin(second)
    working(pace, clock, {first: 30, second: 30}, 40, done)
    assert abs(pace.allowance() - 60 * SHARED_SECONDS / 2) <= 30
    pace.end(second)
    working(pace, clock, {first: 60}, 40, done)
    assert abs(pace.allowance() - 60 * ALONE_SECONDS) <= 120


def test_an_analysis_that_stands_still_is_given_little() -> None:
    clock, video = Clock(100.0), uuid4()
    done: dict[UUID, int] = {}
    pace = Pace(clock=clock)
    pace.begin(video)
    working(pace, clock, {video: 60}, 20, done)
    working(pace, clock, {video: 0}, int(WINDOW_SECONDS) + 2, done)
    assert pace.allowance() == LEAST_FRAMES


def test_what_was_done_before_a_take_over_is_no_speed() -> None:
    clock, video = Clock(100.0), uuid4()
    pace = Pace(clock=clock)
    pace.begin(video)
    pace.note(video, 1_000_000)
    clock.now += 1
    pace.note(video, 1_000_060)
    assert pace.allowance() <= 60 * ALONE_SECONDS


def test_a_rate_is_remembered_for_the_same_tasks_only() -> None:
    clock, first, second, third = Clock(100.0), uuid4(), uuid4(), uuid4()
    objects, faces = frozenset({TaskName.OBJECTS}), frozenset({TaskName.FACES})
    pace = Pace(clock=clock)
    pace.begin(first, objects)
    working(pace, clock, {first: 60}, 40, {})
    pace.end(first)
    clock.now += 1000
    pace.begin(second, faces)
    assert pace.allowance() == LEAST_FRAMES
    pace.end(second)
    pace.begin(third, objects)
    assert abs(pace.allowance() - 60 * ALONE_SECONDS) <= 120
    clock.now += LEARNING_SECONDS + 1
    assert pace.allowance() == LEAST_FRAMES


def test_short_videos_that_are_published_at_once_are_speed_too() -> None:
    clock = Clock(100.0)
    pace = Pace(clock=clock)
    film = uuid4()
    pace.begin(film)
    for _ in range(30):
        videos = [uuid4() for _ in range(2)]
        for video_id in videos:
            pace.begin(video_id)
            pace.note(video_id, 0)
            pace.end(video_id, 30)
        clock.now += 1
        pace.note(videos[0], 10)
        pace.still_open([film])
    assert abs(pace.allowance() - 60 * ALONE_SECONDS) <= 120


def test_enough_to_do_is_seconds_of_work_of_published_videos() -> None:
    clock, done = Clock(100.0), dict[UUID, int]()
    pace = Pace(clock=clock)
    film, clip, next_clip = uuid4(), uuid4(), uuid4()
    for video_id in (film, clip, next_clip):
        pace.begin(video_id)
    working(pace, clock, {film: 60}, 40, done)
    pace.end(clip, int(59 * ALONE_SECONDS))
    assert not pace.full()
    pace.end(next_clip, 200)
    assert pace.full()
    pace.note(next_clip, 200)
    assert not pace.full()
    pace.end(film)
    assert not pace.full()


def test_before_the_speed_is_known_the_least_is_enough() -> None:
    pace, clip = Pace(clock=Clock(100.0)), uuid4()
    pace.begin(clip)
    pace.end(clip, LEAST_FRAMES * WHOLE - 1)
    assert not pace.full()
    pace.begin(clip)
    pace.end(clip, LEAST_FRAMES * WHOLE)
    assert pace.full()
    pace.still_open([])
    assert not pace.full()


def test_a_video_that_was_stopped_does_not_wait() -> None:
    pace, clip = Pace(clock=Clock(100.0)), uuid4()
    pace.begin(clip)
    pace.end(clip)
    pace.note(clip, 10)
    assert not pace.full()
