"""What a video store promises, asked of the one on Cassandra and of its in-memory twin."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.errors import Conflict, NotFound, Problem
from pipeline.contracts.results import TaskName, TaskRequest
from pipeline.contracts.videos import (
    TERMINAL,
    Gap,
    KeepFrames,
    Lease,
    Sampling,
    SourceKind,
    SourceProgress,
    Video,
    VideoStatus,
)
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.videos import EndedCursor, Listing, VideoStore
from tests.integration.races import race
from tests.unit.factories import T0, a_video
from tests.waiting import wait_until

MS = timedelta(milliseconds=1)
CANCELLED, COMPLETED, FAILED = VideoStatus.CANCELLED, VideoStatus.COMPLETED, VideoStatus.FAILED
PROBLEM = Problem("source-refused", "The source is not allowed", "“10.0.0.1” is no public address")


@pytest.fixture(scope="module")
def on_cassandra(client: CassandraClient) -> CassandraVideoStore:
    return CassandraVideoStore(client)


@pytest.fixture(scope="module", params=["memory", "cassandra"])
def store(request: pytest.FixtureRequest) -> VideoStore:
    if request.param == "memory":
        return InMemoryVideoStore()
    kept: CassandraVideoStore = request.getfixturevalue("on_cassandra")
    return kept


def created(store: VideoStore, video: Video | None = None) -> Video:
    """A new video in the store."""
    video = video or a_video()
    store.create(video)
    return video


def known(store: VideoStore, video_id: UUID) -> Video:
    """The video as it is now."""
    video = store.get(video_id)
    assert video is not None
    return video


def leased(store: VideoStore, video_id: UUID, owner: str = "a", seconds: int = 30) -> Lease:
    """The lease of a video that nobody holds."""
    lease = store.claim(video_id, owner, seconds)
    assert lease is not None
    return lease


EVERY_FIELD = replace(
    a_video(status=FAILED, tags=frozenset({"b", "ä", "標"})),
    source=SourceKind.RTMP,
    video_name="Été.mp4",
    tasks=(TaskRequest(TaskName.FACES, 0.1 + 0.2, 7), TaskRequest(TaskName.COLORS)),
    sampling=Sampling(None, 1 / 3, None, 1.5, 1e9),
    created_at=T0 + 123 * MS,
    attempt=3,
    attempt_timestamp=2**52 + 1,
    max_duration=0.1,
    external_id="order 66",
    callback_url="https://example.com/?a=1&b=2",
    keep=KeepFrames.ALL,
    started_at=T0 + 456 * MS,
    finished_at=T0 + 789 * MS,
    frames_expected=2**40,
    last_frame_number=2**41,
    error=PROBLEM,
)


@pytest.mark.parametrize(
    "video",
    [
        a_video(),
        EVERY_FIELD,
        replace(a_video(), sampling=Sampling(None, None, 0.04), tasks=tuple(TaskRequest(t) for t in TaskName)),
        replace(a_video(), video_name="", frames_expected=0, last_frame_number=0),
        *(replace(a_video(), source=kind) for kind in SourceKind),
    ],
    ids=lambda video: f"{video.source}-{video.video_name}",
)
def test_a_video_comes_back_as_it_went(store: VideoStore, video: Video) -> None:
    video = replace(video, video_id=uuid4())
    store.create(video)
    assert store.get(video.video_id) == video


def test_an_id_is_taken_once(store: VideoStore) -> None:
    video = created(store)
    with pytest.raises(Conflict, match=str(video.video_id)):
        store.create(replace(video, video_name="other", created_at=T0 - MS))
    assert store.get(video.video_id) == video
    assert store.open_videos().count(video.video_id) == 1
    store.transition(video.video_id, CANCELLED)
    with pytest.raises(Conflict):
        store.create(video)
    assert video.video_id not in store.open_videos()


def test_of_many_who_create_one_id_one_does(store: VideoStore) -> None:
    video = a_video()

    def create(number: int) -> bool:
        try:
            store.create(replace(video, video_name=str(number)))
        except Conflict:
            return False
        return True

    made = race(10, create)
    assert sum(made) == 1
    assert known(store, video.video_id).video_name == str(made.index(True))
    assert store.open_videos().count(video.video_id) == 1


def test_what_is_not_there_cannot_be_changed(store: VideoStore) -> None:
    nobody = uuid4()
    assert store.get(nobody) is None
    assert store.leaseholder(nobody) is None
    assert store.progress(nobody) == SourceProgress()
    assert store.sampled(nobody, 0) == ()
    assert store.sampled_buckets(nobody) == ()
    for change in (
        lambda: store.transition(nobody, CANCELLED),
        lambda: store.set_expected(nobody, 1, 1),
        lambda: store.repair_listing(nobody),
        lambda: store.claim(nobody, "a", 5),
    ):
        with pytest.raises(NotFound, match=str(nobody)):
            change()
    assert store.get(nobody) is None
    assert not store.renew(Lease(nobody, "a", 1, 5))
    store.release(Lease(nobody, "a", 1, 5))


@pytest.mark.parametrize(
    ("way", "moved"),
    [
        ([VideoStatus.PROCESSING, COMPLETED], [True, True]),
        ([VideoStatus.PROCESSING, VideoStatus.PROCESSING, FAILED], [True, False, True]),
        ([COMPLETED, FAILED], [False, True]),
        ([CANCELLED, VideoStatus.PROCESSING, COMPLETED, FAILED, CANCELLED], [True, False, False, False, False]),
        ([VideoStatus.PENDING], [False]),
    ],
    ids=lambda value: "-".join(str(v) for v in value),
)
def test_a_video_moves_as_its_state_allows(store: VideoStore, way: list[VideoStatus], moved: list[bool]) -> None:
    video = created(store)
    assert [store.transition(video.video_id, wanted) for wanted in way] == moved
    reached = [wanted for wanted, did in zip(way, moved, strict=True) if did]
    assert known(store, video.video_id).status is (reached[-1] if reached else VideoStatus.PENDING)


def test_a_transition_says_when_and_why(store: VideoStore) -> None:
    video_id = created(store).video_id
    before = datetime.now(UTC) - MS
    store.transition(video_id, VideoStatus.PROCESSING)
    started = known(store, video_id)
    store.transition(video_id, FAILED, PROBLEM)
    ended = known(store, video_id)
    assert started.started_at is not None
    assert ended.finished_at is not None
    assert before <= started.started_at <= ended.finished_at <= datetime.now(UTC)
    assert (started.finished_at, started.error) == (None, None)
    assert (ended.started_at, ended.error) == (started.started_at, PROBLEM)
    assert not store.transition(video_id, CANCELLED)
    assert known(store, video_id) == ended


def test_of_many_who_end_a_video_one_does(store: VideoStore) -> None:
    video_id = created(store).video_id
    store.transition(video_id, VideoStatus.PROCESSING)
    ends = sorted(TERMINAL)
    wanted = [ends[n % len(ends)] for n in range(20)]
    moved = race(20, lambda n: store.transition(video_id, wanted[n], Problem("t", "T", str(n))))
    assert sum(moved) == 1
    winner = moved.index(True)
    video = known(store, video_id)
    assert (video.status, video.error) == (wanted[winner], Problem("t", "T", str(winner)))
    listed = {status for status in ends if any(v.video_id == video_id for v in store.ended_videos(status, 1000))}
    assert listed == {video.status}


def test_what_is_expected_is_written_once(store: VideoStore) -> None:
    video_id = created(store).video_id
    store.set_expected(video_id, 0, 0)
    store.set_expected(video_id, 9, 90)
    video = known(store, video_id)
    assert (video.frames_expected, video.last_frame_number) == (0, 0)


def test_of_many_who_write_what_is_expected_one_does(store: VideoStore) -> None:
    video_id = created(store).video_id
    race(10, lambda n: store.set_expected(video_id, n + 1, 10 * (n + 1)))
    video = known(store, video_id)
    assert video.frames_expected is not None
    assert video.last_frame_number == 10 * video.frames_expected


def test_nothing_is_expected_of_a_video_that_has_ended(store: VideoStore) -> None:
    video_id = created(store).video_id
    store.transition(video_id, CANCELLED)
    store.set_expected(video_id, 9, 90)
    assert known(store, video_id).frames_expected is None


def test_open_videos_are_listed_oldest_first(store: VideoStore) -> None:
    ages = [7, 3, 11, 0, 5, 2, 9]
    videos = [created(store, a_video(created_at=T0 - timedelta(days=age))) for age in ages]
    same = sorted(created(store, a_video(created_at=T0 - timedelta(days=20))).video_id for _ in range(5))
    mine = [v.video_id for v in sorted(videos, key=lambda v: v.created_at)]
    assert [v for v in store.open_videos() if v in {*mine, *same}] == same + mine
    assert store.open_videos(5) == same
    store.transition(same[0], VideoStatus.PROCESSING)
    assert store.open_videos(1) == same[:1]
    store.transition(same[0], CANCELLED)
    assert store.open_videos(4) == same[1:]


def test_ended_videos_are_listed_newest_first_page_by_page(store: VideoStore) -> None:
    new_year = datetime(2026, 1, 1, tzinfo=UTC)
    times = [new_year + n * MS for n in (-86_400_000, -1, -1, -1, 0, 0, 1, 5000)]
    old = [created(store, replace(a_video(status=FAILED), finished_at=at)) for at in times]
    for video in old:
        store.repair_listing(video.video_id)
    recent = [created(store) for _ in range(40)]
    for video in recent:
        assert store.transition(video.video_id, FAILED)
    mine = {v.video_id for v in old + recent}
    wanted = sorted((known(store, v) for v in mine), key=lambda v: (v.finished_at, v.video_id), reverse=True)
    for limit in (1, 7, 1000):
        assert [v for v in walked(store, FAILED, limit) if v.video_id in mine] == wanted
    assert mine.isdisjoint(store.open_videos())
    assert mine.isdisjoint(v.video_id for v in store.ended_videos(COMPLETED, 1000))


def walked(store: VideoStore, status: VideoStatus, limit: int) -> list[Video]:
    """All ended videos of a state, page by page."""
    found: list[Video] = []
    after = None
    while page := store.ended_videos(status, limit, after):
        assert len(page) <= limit
        found += page
        assert page[-1].finished_at is not None
        after = EndedCursor(page[-1].finished_at, page[-1].video_id)
    return found


def test_a_listing_is_repaired(store: VideoStore) -> None:
    ended = created(store, replace(a_video(status=COMPLETED), finished_at=T0))
    waiting = created(store)
    for _ in range(2):
        store.repair_listing(ended.video_id)
        store.repair_listing(waiting.video_id)
    assert ended.video_id not in store.open_videos()
    assert store.open_videos().count(waiting.video_id) == 1
    assert [v for v in store.ended_videos(COMPLETED, 1000) if v.video_id == ended.video_id] == [ended]


def test_an_ended_video_that_is_still_listed_as_open_is_repaired(on_cassandra: CassandraVideoStore) -> None:
    """As after a crash between the transition and the listings."""
    ended = created(on_cassandra, replace(a_video(status=CANCELLED), finished_at=T0))
    assert ended.video_id in on_cassandra.open_videos()
    assert ended not in on_cassandra.ended_videos(CANCELLED, 1000)
    on_cassandra.repair_listing(ended.video_id)
    assert ended.video_id not in on_cassandra.open_videos()
    assert ended in on_cassandra.ended_videos(CANCELLED, 1000)


def test_listings_name_every_video(store: VideoStore) -> None:
    waiting, ended = created(store), created(store)
    store.transition(ended.video_id, FAILED)
    ended = known(store, ended.video_id)
    assert ended.finished_at is not None
    mine = {waiting.video_id, ended.video_id}
    assert [e for e in store.open_listings() if e.video_id in mine] == [Listing(waiting.video_id, waiting.created_at)]
    assert [e for e in store.ended_listings() if e.video_id in mine] == [
        Listing(ended.video_id, ended.finished_at, FAILED)
    ]


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_a_video_that_is_removed_stays_listed_until_it_is_unlisted(store: VideoStore, status: VideoStatus) -> None:
    video = created(store)
    store.save_progress(video.video_id, SourceProgress(frames_decoded=7))
    store.save_sampled(video.video_id, 3, [3001])
    store.transition(video.video_id, VideoStatus.PROCESSING)
    store.transition(video.video_id, status)
    assert store.remove(known(store, video.video_id))
    assert store.get(video.video_id) is None
    assert not store.remove(video)
    (entry,) = [entry for entry in store.ended_listings() if entry.video_id == video.video_id]
    assert all(v.video_id != video.video_id for v in store.ended_videos(status, 1000))
    assert store.sampled_buckets(video.video_id) == (3,)
    for _ in range(2):
        store.forget(video.video_id)
        store.unlist(entry)
        assert store.sampled_buckets(video.video_id) == ()
        assert store.progress(video.video_id) == SourceProgress()
        assert all(entry.video_id != video.video_id for entry in store.ended_listings())
    with pytest.raises(NotFound):
        store.claim(video.video_id, "a", 5)


def test_only_what_has_ended_and_is_as_given_is_removed(store: VideoStore) -> None:
    waiting = created(store)
    assert not store.remove(waiting)
    lease = leased(store, waiting.video_id)
    store.transition(waiting.video_id, VideoStatus.PROCESSING)
    processing = known(store, waiting.video_id)
    assert not store.remove(processing)
    store.transition(waiting.video_id, CANCELLED)
    ended = known(store, waiting.video_id)
    assert not store.remove(ended)
    store.release(lease)
    for other in (replace(ended, status=FAILED), replace(ended, attempt=2), waiting, processing):
        assert not store.remove(other)
        assert store.get(waiting.video_id) == ended
    assert store.remove(ended)


def test_an_entry_without_a_video_is_listed_and_can_be_taken_out(on_cassandra: CassandraVideoStore) -> None:
    """As when a submission dies between its two writes."""
    entry = Listing(uuid4(), T0)
    on_cassandra._db.execute(
        "INSERT INTO open_videos (shard, created_at, video_id) VALUES (0, ?, ?)", (entry.at, entry.video_id)
    )
    assert entry in on_cassandra.open_listings()
    on_cassandra.unlist(entry)
    assert entry not in on_cassandra.open_listings()


def test_a_lease_is_held_by_one(store: VideoStore) -> None:
    video_id = created(store).video_id
    lease = leased(store, video_id, "host#1:7")
    assert (lease.video_id, lease.owner, lease.epoch, lease.seconds) == (video_id, "host#1:7", 1, 30)
    assert store.leaseholder(video_id) == "host#1:7"
    assert store.claim(video_id, "b", 30) is None
    assert store.claim(video_id, "host#1:7", 30) is None
    assert store.renew(lease)
    for other in (replace(lease, owner="b"), replace(lease, epoch=2), replace(lease, epoch=0)):
        assert not store.renew(other)
        store.release(other)
        assert store.leaseholder(video_id) == "host#1:7"
    store.release(lease)
    store.release(lease)
    assert store.leaseholder(video_id) is None
    assert not store.renew(lease)
    assert leased(store, video_id, "b").epoch == 2
    assert known(store, video_id).status is VideoStatus.PENDING


def test_of_many_who_claim_one_does(store: VideoStore) -> None:
    video_id = created(store).video_id
    highest = 0
    for _ in range(3):
        claims = race(10, lambda n: store.claim(video_id, f"worker-{n}", 30))
        won = [lease for lease in claims if lease is not None]
        assert len(won) == 1
        assert won[0].epoch > highest
        assert store.leaseholder(video_id) == won[0].owner
        assert store.renew(won[0])
        highest = won[0].epoch
        store.release(won[0])


def test_a_lease_runs_out_by_itself(store: VideoStore) -> None:
    video_id = created(store).video_id
    lost = leased(store, video_id, "a", 1)
    wait_until(lambda: store.leaseholder(video_id) is None, 5)
    assert not store.renew(lost)
    again = leased(store, video_id, "a")
    assert again.epoch > lost.epoch
    assert not store.renew(lost)
    store.release(lost)
    assert store.leaseholder(video_id) == "a"
    assert store.renew(again)


def test_a_lease_that_is_renewed_is_kept(store: VideoStore) -> None:
    video_id = created(store).video_id
    lease = leased(store, video_id, "a", 2)
    until = time.monotonic() + 3
    while time.monotonic() < until:
        assert store.renew(lease)
        assert store.claim(video_id, "b", 2) is None
        time.sleep(0.2)
    assert store.leaseholder(video_id) == "a"


def test_state_and_lease_do_not_touch_each_other(store: VideoStore) -> None:
    video_id = created(store).video_id
    lease = leased(store, video_id, "a", 3)
    store.transition(video_id, VideoStatus.PROCESSING)
    store.set_expected(video_id, 5, 5)
    assert store.renew(lease)
    wait_until(lambda: store.leaseholder(video_id) is None, 10)
    video = known(store, video_id)
    assert (video.status, video.frames_expected) == (VideoStatus.PROCESSING, 5)
    assert store.transition(video_id, COMPLETED)


@pytest.mark.parametrize(
    "progress",
    [
        SourceProgress(),
        SourceProgress(1 / 3, 29.97, 1920, 1080, "ab" * 32, 2**40, 2**39, 3, 2**38, ("lost — 3", "x"), T0, T0, T0, T0),
        SourceProgress(frames_decoded=7, warnings=("only one",), decode_started_at=T0 + MS),
        SourceProgress(
            gaps=(Gap(T0, T0 + MS, "the publisher was away"), Gap(T0 + MS, None, "no frame for 20 s")),
            lag_seconds=0.25,
            connected=False,
            numbered_through=2**40,
            first_captured_at=T0,
            last_captured_at=T0 + MS,
            source_position=0,
            source_number=2**40,
            source_newest=T0 + MS,
        ),
    ],
    ids=["nothing", "everything", "something", "live"],
)
def test_progress_comes_back_as_it_went(store: VideoStore, progress: SourceProgress) -> None:
    video = created(store)
    store.save_progress(video.video_id, SourceProgress(9.9, 9.9, 9, 9, "before", 9, 9, 9, 9, ("before",), T0, T0))
    store.save_progress(video.video_id, progress)
    assert store.progress(video.video_id) == progress
    assert store.get(video.video_id) == video


def test_sampled_frames_come_back_ascending(store: VideoStore) -> None:
    video_id = created(store).video_id
    written = {0: [1, 2, 999, 1000], 1: [1001, 1500, 2000], 2_000_000: [2_000_000_001], 7: list(range(7001, 8001))}
    store.save_sampled(video_id, 0, [5])
    for bucket, numbers in written.items():
        store.save_sampled(video_id, bucket, list(reversed(numbers)))
    for bucket, numbers in written.items():
        assert store.sampled(video_id, bucket) == tuple(numbers)
    assert store.sampled_buckets(video_id) == (0, 1, 7, 2_000_000)
    assert store.sampled(video_id, 3) == ()
    for stranger in (1000, 2001):
        with pytest.raises(ValueError, match=f"frame {stranger} is not in bucket 1"):
            store.save_sampled(video_id, 1, [1001, stranger])
    assert store.sampled(video_id, 1) == (1001, 1500, 2000)
