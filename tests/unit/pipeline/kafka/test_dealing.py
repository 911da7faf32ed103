"""Which partition a frame goes to."""

from collections import Counter
from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from pipeline.kafka.dealing import LATELY_SECONDS, RUN, Dealer, far_apart

EIGHT = tuple(range(8))


def runs(dealt: list[int]) -> list[int]:
    """How many times in succession each partition came."""
    lengths = [1]
    for before, after in pairwise(dealt):
        if before == after:
            lengths[-1] += 1
        else:
            lengths.append(1)
    return lengths


def test_one_video_is_dealt_frame_by_frame() -> None:
    dealer, video = Dealer(), uuid4()
    dealt = [dealer.deal(video, EIGHT) for _ in range(80)]
    assert Counter(dealt) == dict.fromkeys(EIGHT, 10)
    assert runs(dealt) == [1] * 80


def test_of_several_videos_a_run_of_frames_goes_to_each_partition() -> None:
    dealer, videos = Dealer(), [uuid4() for _ in range(4)]
    dealt: dict[UUID, list[int]] = {video: [] for video in videos}
    for _ in range(10 * RUN):
        for video in videos:
            dealt[video].append(dealer.deal(video, EIGHT))
    for places in dealt.values():
        assert set(runs(places[RUN:])) <= {RUN, 2 * RUN, RUN - 1, 1}
        assert len(runs(places)) <= 12
    sizes = Counter(place for places in dealt.values() for place in places)
    assert max(sizes.values()) - min(sizes.values()) <= 2 * RUN, "all partitions have about as many"


@pytest.mark.parametrize("frames", [RUN + 1, 40, 50])
def test_short_ends_of_videos_leave_no_partition_behind(frames: int) -> None:
    now = 0.0
    dealer, places = Dealer(clock=lambda: now), Counter[int]()
    for _ in range(10):
        four = [uuid4() for _ in range(4)]
        for _ in range(frames):
            now += 0.01
            places.update(dealer.deal(video, EIGHT) for video in four)
    assert places.total() == 40 * frames
    assert max(places.values()) - min(places.values()) <= 2 * RUN


def test_when_the_others_have_ended_the_last_is_dealt_frame_by_frame_again() -> None:
    now = 0.0
    dealer, one, other = Dealer(clock=lambda: now), uuid4(), uuid4()
    dealer.deal(one, EIGHT)
    assert dealer.deal(other, EIGHT) == dealer.deal(other, EIGHT)
    now = LATELY_SECONDS + 1
    dealt = [dealer.deal(other, EIGHT) for _ in range(16)]
    assert runs(dealt) == [1] * 16


def test_what_was_dealt_long_ago_does_not_count() -> None:
    now = 0.0
    dealer, one, other, film = Dealer(clock=lambda: now), uuid4(), uuid4(), uuid4()
    for _ in range(RUN):
        dealer.deal(one, EIGHT), dealer.deal(other, EIGHT)
    now = LATELY_SECONDS + 1
    assert {dealer.deal(film, EIGHT) for _ in EIGHT} == set(EIGHT)


def test_partitions_that_are_added_get_their_share() -> None:
    dealer, video = Dealer(), uuid4()
    dealer.deal(video, (0,))
    assert {dealer.deal(video, EIGHT) for _ in range(16)} == set(EIGHT)


@pytest.mark.parametrize("count", [1, 2, 3, 8, 12, 100])
def test_each_partition_has_its_turn(count: int) -> None:
    assert sorted(far_apart(count)) == list(range(count))


@pytest.mark.parametrize("workers", [2, 4, 8])
def test_what_comes_in_succession_is_for_different_workers(workers: int) -> None:
    """Spark gives each of them neighbouring partitions."""
    order, share = far_apart(16), 16 // workers
    for first in range(0, 16, workers):
        assert {place // share for place in order[first : first + workers]} == set(range(workers))
