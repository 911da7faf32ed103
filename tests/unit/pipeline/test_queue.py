"""Who is next, and how long the wait is."""

import heapq
import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contracts.videos import Sampling, SourceProgress, VideoStatus
from pipeline.queue import FRAME_SECONDS, Place, Queue, due, expected_frames, in_turn, seconds_left, seconds_until_done
from pipeline.stores.speed import Speed
from pipeline.stores.videos import Listing
from tests.unit.factories import T0, a_video

PENDING, PROCESSING = VideoStatus.PENDING, VideoStatus.PROCESSING


NEXT = Place(1, 0.0, 1)


def entry(order: float, key: str | None, status: VideoStatus | None = PENDING, frames: float | None = None) -> Listing:
    return Listing(uuid4(), T0 + timedelta(seconds=order), None, status, key, frames)


def keys_of(entries: list[Listing]) -> str:
    return "".join(entry.key_id or "-" for entry in entries)


def test_keys_are_served_in_turn() -> None:
    waiting = [entry(n, "a") for n in range(5)] + [entry(10, "b"), entry(11, "b"), entry(12, None)]
    assert keys_of(list(in_turn(waiting, {}))) == "ab-abaaa"


def test_who_has_more_running_waits() -> None:
    waiting = [entry(0, "a"), entry(1, "a"), entry(2, "b"), entry(3, "b"), entry(4, "b")]
    assert keys_of(list(in_turn(waiting, {"a": 2}))) == "bbaba"


def test_one_key_is_served_oldest_first() -> None:
    waiting = [entry(n, "a") for n in (3, 1, 2)]
    assert [e.at.second - T0.second for e in in_turn(waiting, {"a": 9})] == [1, 2, 3]


@given(
    st.lists(st.sampled_from(["a", "b", None]), max_size=40),
    st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 5)),
)
def test_no_key_is_ever_more_than_one_ahead_of_another_that_waits(
    keys: list[str | None], running: dict[str | None, int]
) -> None:
    waiting = [entry(n, key) for n, key in enumerate(keys)]
    taken = list(in_turn(waiting, running))
    assert Counter(e.video_id for e in taken) == Counter(e.video_id for e in waiting)
    served, left = Counter(running), Counter(keys)
    for chosen in taken:
        assert all(served[chosen.key_id] <= served[other] for other in left if left[other] > 0)
        served[chosen.key_id] += 1
        left[chosen.key_id] -= 1


def test_shares_are_served_in_proportion() -> None:
    waiting = [entry(n + later, key) for n in range(8) for key, later in (("a", 0.0), ("b", 0.5))]
    assert keys_of(list(in_turn(waiting, {}, {"a": 3})))[:9] == "abaabaaab"
    assert keys_of(list(in_turn(waiting, {"a": 3}, {"a": 3})))[:5] == "babaa"
    assert keys_of(list(in_turn(waiting, {}, {"a": 0, "b": 1})))[:4] == "abab"


@given(
    st.lists(st.sampled_from(["a", "b", "c", None]), max_size=40),
    st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 5)),
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(1, 9)),
)
def test_no_key_that_waits_is_passed_by_one_that_has_more_for_its_share(
    keys: list[str | None], running: dict[str | None, int], shares: dict[str, int]
) -> None:
    waiting = [entry(n, key) for n, key in enumerate(keys)]
    taken = list(in_turn(waiting, running, shares))
    assert Counter(e.video_id for e in taken) == Counter(e.video_id for e in waiting)
    served, left = Counter(running), Counter(keys)
    for chosen in taken:
        of = shares.get(chosen.key_id or "", 1)
        for other in (key for key in left if left[key] > 0):
            assert served[chosen.key_id] * shares.get(other or "", 1) <= served[other] * of
        served[chosen.key_id] += 1
        left[chosen.key_id] -= 1


def test_a_short_video_passes_a_long_one_until_that_has_waited_for_as_long_as_it_takes() -> None:
    film = entry(0, None, frames=1000)
    takes = 1000 * FRAME_SECONDS
    soon, late = entry(takes - 1, None, frames=10), entry(takes + 1, None, frames=10)
    assert list(in_turn([film, late, soon], {})) == [soon, film, late]


@given(
    st.lists(st.tuples(st.floats(0, 1000), st.none() | st.floats(0, 1e6), st.sampled_from(["a", None])), max_size=30)
)
def test_only_who_comes_before_ones_turn_passes_one(videos: list[tuple[float, float | None, str | None]]) -> None:
    waiting = [entry(at, key, frames=frames) for at, frames, key in videos]
    taken = list(in_turn(waiting, {}))
    for place, video in enumerate(taken):
        passed = [e for e in taken[:place] if e.key_id == video.key_id]
        assert all(e.at <= due(video) for e in passed)
        assert not [e for e in taken[place + 1 :] if e.key_id == video.key_id and due(e) < due(video)]


def test_the_frames_before_a_video_are_counted_as_far_as_they_are_known() -> None:
    one, two, three = entry(0, None, frames=5), entry(1, None), entry(2, None, frames=7)
    queue = Queue([one, two, three])
    places = [queue.place(replace(a_video(), video_id=e.video_id)) for e in (one, two, three)]
    assert places == [Place(1, 5, 0), Place(2, 5, 1), Place(3, 12, 1)]


def test_positions_are_those_of_the_order() -> None:
    video = a_video()
    listed = [entry(0, "a", PROCESSING), entry(1, "a", None), entry(2, "b")]
    queue = Queue([*listed, Listing(video.video_id, video.created_at + timedelta(seconds=3), None, PENDING, "a")])
    assert queue.position(video) == 3
    assert queue.position(replace(video, video_id=listed[2].video_id)) == 1
    assert queue.position(replace(video, video_id=listed[0].video_id)) is None


def test_a_video_newer_than_the_queue_is_counted_in() -> None:
    video = replace(a_video(created_at=T0 + timedelta(hours=1)), key_id="b")
    assert Queue([entry(n, "a") for n in range(9)]).position(video) == 2


@pytest.mark.parametrize(
    ("sampling", "frames"),
    [
        (Sampling(10), 30.0),
        (Sampling(None, 0.5), 150.0),
        (Sampling(None, None, 2.0), 15.0),
        (Sampling(1, start_time=10, end_time=20), 100.0),
        (Sampling(1, end_time=99), 300.0),
    ],
)
def test_frames_are_expected_by_duration_and_rate(sampling: Sampling, frames: float) -> None:
    assert expected_frames(a_video(sampling=sampling), SourceProgress(duration=30.0, fps=10.0)) == frames
    assert expected_frames(a_video(sampling=sampling), SourceProgress(fps=10.0)) is None


def test_the_longest_duration_counts() -> None:
    video = replace(a_video(), max_duration=4.0)
    assert expected_frames(video, SourceProgress(duration=30.0, fps=10.0)) == 40
    assert expected_frames(replace(video, frames_expected=7), SourceProgress()) == 7


def test_nothing_is_promised_while_nothing_is_known() -> None:
    assert seconds_until_done(Queue([]), NEXT, None) is None
    assert seconds_until_done(Queue([]), NEXT, Speed("a", T0, None, 10.0)) is None
    assert seconds_until_done(Queue([]), NEXT, Speed("a", T0, 10.0, None)) is None
    assert seconds_left(uuid4(), 10, None, T0) is None
    assert seconds_left(uuid4(), 10, Speed("a", T0), T0) is None
    assert seconds_left(uuid4(), 10, Speed("a", T0, 5.0), T0 + timedelta(minutes=1)) is None


def test_a_video_that_runs_takes_its_own_rate() -> None:
    video_id = uuid4()
    assert seconds_left(video_id, 10, Speed("a", T0, 50.0, video_rates={video_id: 2.0}), T0) == 5
    assert seconds_left(video_id, 10, Speed("a", T0, 5.0, running_frames=30), T0) == 6
    assert seconds_left(video_id, 10, Speed("a", T0, 5.0, video_rates={video_id: 0.0}), T0) is None


def test_short_videos_that_run_are_waited_for_and_long_ones_share() -> None:
    shorts = [entry(n, None, PROCESSING, frames) for n, frames in enumerate((50.0, None))]
    films = [entry(n, None, PROCESSING, 90_000.0) for n in range(2)]
    speed = Speed("a", T0, 10.0, 100.0, 180_000.0)
    assert seconds_until_done(Queue(shorts), NEXT, replace(speed, running_frames=30)) == (30 + 100) / 10
    assert seconds_until_done(Queue([*films, *shorts]), NEXT, speed) == (150 + 2 * 100 / 2 + 100) / 10
    assert seconds_until_done(Queue(films), Place(1, 60.0, 0), speed) == (2 * 60 + 60) / 10


@pytest.mark.parametrize("seed", range(5))
def test_a_thousand_videos_are_not_off_by_more_than_half(seed: int) -> None:
    """By a simulated clock: three keys, four at a time, lengths from 1 to 39 frames, 25 frames a second in all."""
    chance = random.Random(seed)
    lengths = {n: chance.randint(1, 39) for n in range(1000)}
    listed = [entry(n, chance.choice(["a", "a", "a", "b", None])) for n in range(1000)]
    number = {e.video_id: n for n, e in enumerate(listed)}
    promised: dict[UUID, float] = {}
    speed, queue = Speed("sim", T0, 25.0, 20.0, 0.0), Queue(listed)
    for e in listed:
        video = replace(a_video(e.video_id), created_at=e.at, key_id=e.key_id)
        if number[e.video_id] % 97 == 0:
            place = queue.place(video)
            assert place is not None
            said = seconds_until_done(queue, place, speed)
            assert said is not None
            promised[e.video_id] = said
    truth = run(queue.order, lengths, number)
    assert len(promised) == 11
    for video_id, said in promised.items():
        assert 0.5 * truth[video_id] - 4 <= said <= 1.5 * truth[video_id] + 4, (said, truth[video_id])


def run(order: list[Listing], lengths: dict[int, int], number: dict[UUID, int]) -> dict[UUID, float]:
    """When each has ended: four at a time, each at a quarter of the rate."""
    ended: dict[UUID, float] = {}
    slots = [0.0] * 4
    for e in order:
        at = heapq.heappop(slots) + lengths[number[e.video_id]] / (25.0 / 4)
        ended[e.video_id] = at
        heapq.heappush(slots, at)
    return ended
