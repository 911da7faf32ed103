"""Keys, the queue and the speed: what the twins promise, Cassandra keeps."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.keys import CassandraKeyStore
from pipeline.cassandra.queue import CassandraSpeedStore
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.errors import Conflict, NotFound
from pipeline.contracts.videos import VideoStatus
from pipeline.queue import Queue
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.keys import ApiKey, InMemoryKeyStore, KeyStore, Scope
from pipeline.stores.results import ResultStore
from pipeline.stores.speed import InMemorySpeedStore, Speed, SpeedStore
from pipeline.stores.videos import EndedCursor, Listing, VideoStore
from tests.unit.factories import T0, a_video, analyzed

PENDING, PROCESSING, FAILED = VideoStatus.PENDING, VideoStatus.PROCESSING, VideoStatus.FAILED


@pytest.fixture(params=["in memory", "cassandra"])
def keys(request: pytest.FixtureRequest) -> KeyStore:
    if request.param == "in memory":
        return InMemoryKeyStore()
    return CassandraKeyStore(request.getfixturevalue("client"))


@pytest.fixture(params=["in memory", "cassandra"])
def speeds(request: pytest.FixtureRequest) -> SpeedStore:
    if request.param == "in memory":
        return InMemorySpeedStore()
    client: CassandraClient = request.getfixturevalue("client")
    client.execute("TRUNCATE service_speed")
    return CassandraSpeedStore(client)


@pytest.fixture(params=["in memory", "cassandra"])
def videos(request: pytest.FixtureRequest) -> VideoStore:
    if request.param == "in memory":
        return InMemoryVideoStore()
    return CassandraVideoStore(request.getfixturevalue("client"))


def a_key(name: str = "me", rate: int | None = None) -> ApiKey:
    return ApiKey(uuid4().hex[:12], name, "ab" * 32, frozenset({Scope.READ, Scope.SUBMIT}), T0, rate, 0)


def test_a_key_is_kept_as_it_was_made(keys: KeyStore) -> None:
    one, two = a_key(rate=5), replace(a_key(), created_at=T0 - timedelta(days=1))
    keys.add(one)
    keys.add(two)
    assert keys.get(one.key_id) == one
    assert keys.get("nobody") is None
    assert [key for key in keys.all() if key in (one, two)] == [two, one]


def test_an_id_is_given_once(keys: KeyStore) -> None:
    key = a_key()
    keys.add(key)
    with pytest.raises(Conflict):
        keys.add(replace(key, secret_hash="cd" * 32))
    assert keys.get(key.key_id) == key


def test_a_revoked_key_stays_known_and_keeps_the_time(keys: KeyStore) -> None:
    key = a_key()
    keys.add(key)
    keys.revoke(key.key_id)
    revoked = keys.get(key.key_id)
    assert revoked is not None
    assert revoked.revoked_at is not None
    keys.revoke(key.key_id)
    assert keys.get(key.key_id) == revoked
    with pytest.raises(NotFound):
        keys.revoke("nobody")


def test_a_share_can_be_changed(keys: KeyStore) -> None:
    one, two = replace(a_key(), share=3), a_key()
    keys.add(one)
    keys.add(two)
    keys.give_share(two.key_id, 7)
    assert [key.share if key else None for key in map(keys.get, (one.key_id, two.key_id))] == [3, 7]
    with pytest.raises(NotFound):
        keys.give_share("nobody", 2)
    assert keys.get("nobody") is None


def test_the_newest_observation_that_knows_the_rate_counts(speeds: SpeedStore) -> None:
    assert speeds.newest() is None
    now = datetime.now(UTC).replace(microsecond=0)
    video_id = uuid4()
    old = Speed("a", now - timedelta(seconds=9), 5.0, 10.0, 3.0, {video_id: 1.5})
    speeds.save(old)
    speeds.save(Speed("b", now))
    assert speeds.newest() == old
    speeds.save(Speed("b", now, 6.0))
    assert speeds.newest() == Speed("b", now, 6.0)
    speeds.save(Speed("b", now - timedelta(seconds=20), 6.0))
    assert speeds.newest() == old


def test_what_an_observer_saw_is_forgotten_after_a_minute(client: CassandraClient) -> None:
    CassandraSpeedStore(client).save(Speed("gone", datetime.now(UTC), 1.0))
    row = client.execute("SELECT ttl(rate) AS left FROM service_speed WHERE shard = 0 AND observer = 'gone'").one()
    assert 50 <= row.left <= 60


def entry(videos: VideoStore, listing: Listing) -> Listing | None:
    found: list[Listing] = [e for e in videos.open_listings() if e == listing]
    assert len(found) <= 1
    return found[0] if found else None


def test_the_listing_says_who_submitted_and_what_runs(videos: VideoStore) -> None:
    video = replace(a_video(), key_id="somebody")
    place = Listing(video.video_id, video.created_at)
    videos.create(video)
    listed = entry(videos, place)
    assert listed is not None
    assert (listed.status, listed.key_id) == (PENDING, "somebody")
    videos.transition(video.video_id, PROCESSING)
    listed = entry(videos, place)
    assert listed is not None
    assert (listed.status, listed.key_id) == (PROCESSING, "somebody")
    videos.transition(video.video_id, FAILED)
    assert entry(videos, place) is None
    failed = videos.get(video.video_id)
    assert failed is not None
    videos.retry(failed)
    listed = entry(videos, place)
    assert listed is not None
    assert (listed.status, listed.key_id) == (PENDING, "somebody")


def test_the_listing_says_how_many_frames_a_video_has(videos: VideoStore) -> None:
    video = a_video()
    place = Listing(video.video_id, video.created_at)
    videos.create(video)
    listed = entry(videos, place)
    assert listed is not None
    assert listed.frames is None
    videos.note_frames(video, 1234.5)
    videos.transition(video.video_id, PROCESSING)
    listed = entry(videos, place)
    assert listed is not None
    assert (listed.status, listed.frames) == (PROCESSING, 1234.5)
    videos.transition(video.video_id, FAILED)
    assert entry(videos, place) is None


def test_an_old_entry_says_less_and_is_repaired(client: CassandraClient) -> None:
    videos, video = CassandraVideoStore(client), replace(a_video(), key_id="somebody")
    videos.create(video)
    values = (video.created_at, video.video_id)
    client.execute(
        "UPDATE open_videos SET status = null, key_id = null WHERE shard = 0 AND created_at = ? AND video_id = ?",
        values,
    )
    listed = entry(videos, Listing(video.video_id, video.created_at))
    assert listed is not None
    assert (listed.status, listed.key_id) == (None, None)
    assert Queue([listed]).position(video) == 1
    videos.repair_listing(video.video_id)
    listed = entry(videos, Listing(video.video_id, video.created_at))
    assert listed is not None
    assert (listed.status, listed.key_id) == (PENDING, "somebody")


def test_a_key_lists_its_own_ended_videos(videos: VideoStore) -> None:
    mine, theirs = f"a{uuid4().hex}", f"b{uuid4().hex}"
    ids = []
    for key in (mine, theirs, mine, None, mine):
        video = replace(a_video(), key_id=key)
        videos.create(video)
        videos.transition(video.video_id, FAILED)
        ids.append(video.video_id)
    listed = videos.ended_videos(FAILED, 10, None, mine)
    assert [v.video_id for v in listed] == [ids[4], ids[2], ids[0]]
    assert listed[0].finished_at is not None
    after = EndedCursor(listed[0].finished_at, listed[0].video_id)
    assert [v.video_id for v in videos.ended_videos(FAILED, 1, after, mine)] == [ids[2]]
    videos.retry(listed[0])
    assert [v.video_id for v in videos.ended_videos(FAILED, 10, None, mine)] == [ids[2], ids[0]]


def test_nothing_is_left_of_an_entry_that_was_taken_out(client: CassandraClient) -> None:
    videos, video = CassandraVideoStore(client), replace(a_video(), key_id=uuid4().hex)
    videos.create(video)
    videos.transition(video.video_id, FAILED)
    ended = videos.get(video.video_id)
    assert ended is not None
    assert ended.finished_at is not None
    select = "SELECT video_id FROM ended_by_key WHERE key_id = ? AND status = 'failed' AND year = ?"
    place = (video.key_id, ended.finished_at.year)
    assert len(list(client.rows(select, place))) == 1
    videos.unlist(Listing(video.video_id, ended.finished_at, FAILED))
    assert list(client.rows(select, place)) == []


def test_a_listing_that_is_read_while_it_changes_stays_one(client: CassandraClient) -> None:
    videos = CassandraVideoStore(client)
    made = [replace(a_video(), key_id="k") for _ in range(20)]
    for video in made:
        videos.create(video)
    threads = [threading.Thread(target=videos.transition, args=(v.video_id, PROCESSING)) for v in made]
    for thread in threads:
        thread.start()
    for _ in range(5):
        ids = [e.video_id for e in videos.open_listings()]
        assert len(set(ids)) == len(ids)
        assert {v.video_id for v in made} <= set(ids)
    for thread in threads:
        thread.join()
    states = {e.status for e in videos.open_listings() if e.video_id in {v.video_id for v in made}}
    assert states == {PROCESSING}


@pytest.fixture(params=["in memory", "cassandra"])
def results(request: pytest.FixtureRequest) -> ResultStore:
    if request.param == "in memory":
        return InMemoryResultStore()
    return CassandraResultStore(request.getfixturevalue("client"))


def test_when_frames_were_analysed_and_stored_is_known(results: ResultStore) -> None:
    video_id, began = uuid4(), datetime.now(UTC).replace(microsecond=0)
    frames = [
        replace(
            analyzed(video_id, n),
            started_at=began - timedelta(seconds=100 - n),
            finished_at=began - timedelta(seconds=99 - n),
        )
        for n in (1, 2, 3, 1001)
    ]
    results.save(frames, {video_id: 1})
    one, two = (summary.times for summary in results.summaries(video_id))
    assert (one.analysis_started_at, one.analysis_finished_at) == (frames[0].started_at, frames[2].finished_at)
    assert (two.analysis_started_at, two.analysis_finished_at) == (frames[3].started_at, frames[3].finished_at)
    assert one.first_stored_at is not None
    assert one.last_stored_at is not None
    assert began <= one.first_stored_at <= one.last_stored_at


def test_clearing_frames_does_not_change_when_they_were_analysed(client: CassandraClient) -> None:
    results, video_id = CassandraResultStore(client), uuid4()
    results.save([analyzed(video_id, n) for n in (1, 2)], {video_id: 1})
    before = results.summaries(video_id)[0].times
    results.clear(video_id, 0, results.entries(video_id, 0), 2)
    assert results.summaries(video_id)[0].times == before
    assert before.analysis_started_at == T0
