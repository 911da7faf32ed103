"""Which video is tracked when, and by whom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest

from pipeline.contracts.errors import RecordInvalid, StoreUnavailable
from pipeline.contracts.results import AnalyzedFrame, TaskName
from pipeline.contracts.tracks import Track
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_tracks import InMemoryTrackStore
from pipeline.stores.results import BucketSummary
from pipeline.stores.rows import ResultPage, ResultQuery, RowPlace
from tests.unit.tracking.scenes import World, seen, walker
from tracking import service as service_module


def test_a_file_is_tracked_when_it_has_ended(world: World) -> None:
    video, service = world.video(), world.service()
    world.save(video, (seen(video.video_id, n, walker(n % 90)) for n in range(1, 1501)))
    assert not service.round()
    assert world.made(video) == ()
    world.end(video)
    assert service.round(), "a bucket at a time, so that others have their turn"
    assert not service.round()
    assert len(world.made(video)) >= 16
    assert world.tracks.owed(10) == []


def test_files_that_run_are_not_looked_at_one_by_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    service = world.service()
    videos = [world.video() for _ in range(5)]
    for video in videos:
        world.save(video, (seen(video.video_id, n, walker(n)) for n in range(1, 11)))
    looked: list[UUID] = []
    get = world.videos.get

    def noted(video_id: UUID) -> Video | None:
        looked.append(video_id)
        return get(video_id)

    monkeypatch.setattr(world.videos, "get", noted)
    for _ in range(3):
        service.round()
    assert sorted(looked) == sorted(video.video_id for video in videos), "each once"
    world.end(videos[2])
    looked.clear()
    service.round()
    assert set(looked) == {videos[2].video_id}
    assert len(world.made(videos[2])) == 1


def test_a_live_video_is_tracked_as_it_runs(world: World) -> None:
    video, service = world.video(live=True), world.service()
    world.sample(video, range(1, 31))
    world.save(video, (seen(video.video_id, n, walker(n)) for n in range(1, 31) if n != 21))
    service.round()
    [track] = world.made(video)
    assert (track.last_frame, track.ended) == (20, False), "the 21st may still come"
    world.save(video, [seen(video.video_id, 21, walker(21))])
    service.round()
    [track] = world.made(video)
    assert (track.last_frame, track.ended) == (30, False)
    state = world.tracks.state(video.video_id)
    assert state is not None
    assert not state.complete
    world.end(video)
    service.round()
    [track] = world.made(video)
    assert (track.frames, track.ended) == (30, True)
    assert world.tracks.owed(10) == []


def test_a_frame_that_does_not_come_is_not_waited_for_for_ever(world: World) -> None:
    video, service = world.video(live=True), world.service()
    world.sample(video, range(1, 41))
    world.save(video, (seen(video.video_id, n, walker(n)) for n in range(1, 31) if n != 21))
    service.round()
    world.clock.now += 11
    service.round()
    [track] = world.made(video)
    assert track.last_frame == 30
    world.save(video, (seen(video.video_id, n, walker(n)) for n in (21, *range(31, 41))))
    world.end(video)
    service.round()
    [track] = world.made(video)
    assert track.frames == 40, "once it has ended all is made anew, with what came late"


def test_after_a_restart_live_tracks_are_made_anew_and_are_the_same(world: World) -> None:
    video = world.video(live=True)
    world.sample(video, range(1, 61))
    world.save(video, (seen(video.video_id, n, walker(n % 40)) for n in range(1, 41)))
    world.service().round()
    world.clock.now += 60
    world.duties.clock = lambda: 1e12
    world.save(video, (seen(video.video_id, n, walker(n % 40)) for n in range(41, 61)))
    other = world.service("other")
    other.round()
    world.end(video)
    other.round()
    straight = World()
    whole = straight.video()
    frames = (seen(whole.video_id, n, walker(n % 40)) for n in range(1, 61))
    assert world.made(video) == straight.make(whole, *frames)


def test_one_process_tracks_a_video(world: World) -> None:
    video = world.video(live=True)
    world.sample(video, range(1, 11))
    world.save(video, (seen(video.video_id, n, walker(n)) for n in range(1, 11)))
    one, other = world.service("one"), world.service("other")
    one.round()
    before = world.tracks.state(video.video_id)
    world.sample(video, range(1, 21))
    world.save(video, (seen(video.video_id, n, walker(n)) for n in range(11, 21)))
    other.round()
    assert world.tracks.state(video.video_id) == before
    one.stop()
    one.run()
    other.round()
    after = world.tracks.state(video.video_id)
    assert after is not None
    assert after.through_frame == 20, "what was given back is taken at once"


def test_a_retry_makes_them_anew(world: World) -> None:
    video, service = world.video(), world.service()
    world.save(video, (seen(video.video_id, n, walker(n)) for n in range(1, 11)))
    world.end(video, VideoStatus.CANCELLED)
    ended = world.videos.get(video.video_id)
    assert ended is not None
    world.tracks.owe(video.video_id)
    assert world.videos.retry(ended)
    again = world.videos.get(video.video_id)
    assert again is not None
    service.round()
    assert world.made(video) == ()
    world.videos.transition(video.video_id, VideoStatus.PROCESSING)
    world.save(again, (seen(video.video_id, n, walker(n)) for n in range(11, 21)))
    world.end(video)
    service.round()
    [track] = world.made(video)
    assert track.frames == 20
    state = world.tracks.state(video.video_id)
    assert state is not None
    assert state.attempt == 2


def test_what_needs_no_tracks_is_taken_off_the_list(world: World) -> None:
    world.video([TaskName.COLORS])
    gone = replace(world.video(), video_id=world.video().video_id)
    world.service().round()
    assert {owed.video_id for owed in world.tracks.owed(10)} >= {gone.video_id}
    assert len(world.tracks.owed(10)) == 2


def test_a_video_that_was_deleted_is_let_go(world: World) -> None:
    video, service = world.video(live=True), world.service()
    service.round()
    known = world.videos.get(video.video_id)
    assert known is not None
    world.videos.delete(known)
    service.round()
    assert world.duties.take(f"tracks {video.video_id}", "anybody", 10)


def walked(world: World, video: Video, frames: int = 40) -> None:
    """Somebody walks through so many frames."""
    world.save(video, (seen(video.video_id, n, walker(n % 90)) for n in range(1, frames + 1)))


def whole(frames: int) -> tuple[Track, ...]:
    """The tracks of somebody who walked so far, made at once."""
    world = World()
    video = world.video()
    return world.make(video, *(seen(video.video_id, n, walker(n % 90)) for n in range(1, frames + 1)))


@dataclass
class FlakyTracks(InMemoryTrackStore):
    """Is away, or refuses a video, for the next so many times that points are kept."""

    refuse: dict[UUID, int] = field(default_factory=dict)
    error: Exception = field(default_factory=lambda: StoreUnavailable("away"))

    def save_tracks(self, video_id: UUID, tracks: Sequence[Track], write_timestamp: int) -> None:
        if self.refuse.get(video_id, 0) > 0:
            self.refuse[video_id] -= 1
            raise self.error
        super().save_tracks(video_id, tracks, write_timestamp)


def test_a_store_that_was_away_in_the_middle_loses_no_track_and_doubles_none() -> None:
    tracks = FlakyTracks()
    world = World(tracks=tracks)
    video, service = world.video(), world.service()
    walked(world, video, 1300)
    world.end(video)
    assert service.round(), "there is another bucket"
    tracks.refuse[video.video_id] = 1
    with pytest.raises(StoreUnavailable):
        service.round()
    world.clock.now += 60
    while service.round():
        pass
    assert world.made(video) == whole(1300)


def test_a_video_that_always_fails_keeps_nobody_waiting() -> None:
    tracks = FlakyTracks(error=RecordInvalid("a row that nobody can read"))
    world = World(tracks=tracks)
    bad, service = world.video(), world.service()
    good = world.video()
    for video in (bad, good):
        walked(world, video)
        world.end(video)
    tracks.refuse[bad.video_id] = 1000
    service.round()
    assert world.made(good) == whole(40)
    tried = tracks.refuse[bad.video_id]
    service.round()
    assert tracks.refuse[bad.video_id] == tried, "not again at once"
    world.clock.now += 6
    service.round()
    assert tracks.refuse[bad.video_id] == tried - 1


def test_files_have_their_tracks_beside_many_live_videos(world: World) -> None:
    service = world.service()
    for _ in range(6):
        live = world.video(live=True)
        world.sample(live, range(1, 11))
        walked(world, live, 10)
    service.round()
    video = world.video()
    walked(world, video)
    world.end(video)
    service.round()
    assert world.made(video) == whole(40)


def test_a_file_that_is_tried_again_keeps_no_place(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "SETTLE_SECONDS", -1.0)
    service = world.service()
    videos = [world.video() for _ in range(4)]
    for video in videos:
        walked(world, video, 1500)
        world.end(video, VideoStatus.FAILED)
    assert service.round(), "all four are in hand"
    for video in videos:
        ended = world.videos.get(video.video_id)
        assert ended is not None
        world.tracks.owe(video.video_id)
        assert world.videos.retry(ended)
    other = world.video()
    walked(world, other)
    world.end(other)
    service.round()
    service.round()
    assert world.made(other) == whole(40)


def test_of_very_many_that_wait_everybody_has_a_turn(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "AT_ONCE", 10)
    service = world.service()
    for _ in range(35):
        world.video()
    live = world.video(live=True)
    world.sample(live, range(1, 11))
    walked(world, live, 10)
    for _ in range(4):
        service.round()
    assert len(world.made(live)) == 1
    world.sample(live, range(1, 21))
    walked(world, live, 20)
    service.round()
    assert world.made(live)[0].last_frame == 20, "who is in hand is looked at each time"


@dataclass
class CountsLater(InMemoryResultStore):
    """Lists, and reads, only buckets that were counted, as Cassandra does."""

    counted: set[tuple[UUID, int]] = field(default_factory=set)

    def recount(self, video_id: UUID, buckets: Iterable[int]) -> None:
        self.counted |= {(video_id, bucket) for bucket in buckets if self.outcomes(video_id, bucket)}

    def summaries(self, video_id: UUID) -> list[BucketSummary]:
        return [s for s in super().summaries(video_id) if (video_id, s.bucket) in self.counted]

    def page(self, video_id: UUID, query: ResultQuery, limit: int, after: RowPlace | None = None) -> ResultPage:
        page = super().page(video_id, query, limit, after)
        known = {summary.bucket for summary in self.summaries(video_id)}
        return replace(page, rows=tuple(row for row in page.rows if (row.frame_number - 1) // 1000 in known))


def test_live_frames_of_a_bucket_that_is_not_counted_yet_are_followed_too() -> None:
    results = CountsLater()
    world = World(results=results)
    video, service = world.video(live=True), world.service()

    def frame(n: int) -> AnalyzedFrame:
        return seen(video.video_id, n, walker(n - 980))

    world.sample(video, range(981, 1001))
    world.save(video, map(frame, range(981, 1001)))
    results.recount(video.video_id, [0])
    service.round()
    world.videos.save_sampled(video.video_id, 1, range(1001, 1021))
    world.save(video, map(frame, range(1001, 1011)))
    service.round()
    service.round()
    results.recount(video.video_id, [1])
    world.save(video, map(frame, range(1011, 1021)))
    service.round()
    service.round()
    [track] = world.made(video)
    assert track.frames == 40


def test_a_long_bucket_does_not_lose_the_video_to_another_process(world: World) -> None:
    video, service = world.video([TaskName.FACES]), world.service()
    world.duties.clock = world.clock

    class Slow(type(world.frames)):  # type: ignore[misc]
        def get(self, video_id: UUID, frame_number: int) -> bytes | None:
            world.clock.now += 9
            assert not world.duties.take(f"tracks {video_id}", "other", 20)
            return None

    world.frames = Slow()
    service = world.service()
    frames = (seen(video.video_id, n, replace(walker(n), label="face"), task=TaskName.FACES) for n in range(1, 41))
    world.save(video, frames)
    world.end(video)
    service.round()
    assert len(world.made(video)) == 1
