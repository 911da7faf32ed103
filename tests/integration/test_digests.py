"""Digests and the search index: what a store of them promises, in memory and on Cassandra, and beside deletions."""

import random
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ingest import indexer
from ingest.indexer import Indexed, Indexer
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.digests import CassandraDigestStore
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.search import CassandraSearchIndex
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.clearing import Stores, clear
from pipeline.contracts.results import TaskName
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.digests.digest import Digest, digest_of
from pipeline.digests.making import DigestCache, Reading, make
from pipeline.digests.totals import summed, totals_of
from pipeline.stores.digests import DigestStore, InMemoryDigestStore, KeptDigest, Stamp
from pipeline.stores.frames import FolderFrameStore
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.results import ResultStore, rows_of
from pipeline.stores.search import InMemorySearchIndex, SearchEntry, SearchIndex
from pipeline.stores.sources import SourceFolder
from pipeline.stores.videos import VideoStore
from tests.integration.races import race
from tests.integration.test_clear_frames import named
from tests.unit.factories import T0, a_result, a_video, analyzed, dog

COLORS = TaskName.COLORS
AT = 1_700_000_000_000_000


@dataclass(frozen=True)
class World:
    """Everything that an indexer reads and writes."""

    videos: VideoStore
    results: ResultStore
    digests: DigestStore
    search: SearchIndex

    def indexer(self, changing_seconds: float = 0.0) -> Indexer:
        """A new one."""
        stores = Indexed(self.videos, self.results, self.digests, self.search)
        return Indexer(stores, changing_seconds=changing_seconds, first_seconds=0)

    def video(self, *numbers: int) -> Video:
        """A video with dogs in these frames."""
        video = replace(a_video(created_at=a_moment()), attempt_timestamp=AT)
        self.videos.create(video)
        self.videos.transition(video.video_id, VideoStatus.PROCESSING)
        self.save(video, *numbers)
        return video

    def save(self, video: Video, *numbers: int, label: str = "dog", at: int = AT) -> None:
        """Store frames with a label."""
        found = a_result([replace(dog(n / 10_000), label=label) for n in (1, 2)])
        self.results.save([analyzed(video.video_id, n, found) for n in numbers], {video.video_id: at})

    def found(self, video: Video) -> dict[str, int]:
        """The labels of a video that a search finds, and in how many frames."""
        return {e.label: e.frames for e in self.search.find() if e.video_id == video.video_id}


def a_moment() -> datetime:
    """A time that Cassandra can keep."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(params=["memory", "cassandra"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "memory":
        return World(InMemoryVideoStore(), InMemoryResultStore(), InMemoryDigestStore(), InMemorySearchIndex())
    return on_cassandra(request.getfixturevalue("client"))


def on_cassandra(client: CassandraClient) -> World:
    """The same on Cassandra."""
    return World(
        CassandraVideoStore(client),
        CassandraResultStore(client),
        CassandraDigestStore(client),
        CassandraSearchIndex(client),
    )


def a_digest(bucket: int, *labels: str, seed: int = 1) -> Digest:
    """A digest of random rows with these labels."""
    chance = random.Random(seed)
    frames = [
        analyzed(
            UUID(int=1),
            bucket * 1000 + n,
            a_result([replace(dog(chance.random()), label=label) for label in labels if chance.random() < 0.5]),
            a_result([], TaskName.FACES, error="no" if n % 7 == 0 else None),
        )
        for n in range(1, 1001)
    ]
    return digest_of(bucket, (row for frame in frames for row in rows_of(frame)))


def same(one: Digest, other: Digest) -> bool:
    """Whether two digests say the same."""
    arrays = ((one.frames, other.frames), (one.runs, other.runs), (one.findings, other.findings))
    names = (one.bucket, one.tracks, one.labels) == (other.bucket, other.tracks, other.labels)
    return names and all(a.tobytes() == b.tobytes() for a, b in arrays)


def test_digests_come_back_as_they_went(world: World) -> None:
    video_id = uuid4()
    digests = {n: a_digest(n, "dog", "Größe 🐕", seed=n) for n in (0, 1, 63, 64, 65, 700)}
    for n, digest in digests.items():
        world.digests.save(video_id, KeptDigest(Stamp(AT + n, f"mark {n}"), digest))
    kept = list(world.digests.read(video_id, [700, 2, 1, 0, 63, 64, 65]))
    assert [k.stamp for k in kept] == [Stamp(AT + n, f"mark {n}") for n in digests]
    assert all(same(k.digest, digests[k.digest.bucket]) for k in kept)
    assert [k.digest.bucket for k in world.digests.read(video_id, [1, 64])] == [1, 64]
    assert world.digests.stamps(video_id, [63, 66]) == {63: Stamp(AT + 63, "mark 63")}
    assert summed(world.digests.totals(video_id, list(digests))) == summed(
        total for digest in digests.values() for total in totals_of(digest)
    )
    world.digests.remove(video_id, [0, 64])
    assert list(world.digests.stamps(video_id, list(digests))) == [1, 63, 65, 700]
    assert list(world.digests.read(uuid4(), [0])) == []


def test_of_two_digests_the_later_revision_stays(world: World) -> None:
    video_id, old, new = uuid4(), a_digest(0, "cat"), a_digest(0, "dog")
    world.digests.save(video_id, KeptDigest(Stamp(AT + 1, "new"), new))
    world.digests.save(video_id, KeptDigest(Stamp(AT, "old"), old))
    [kept] = world.digests.read(video_id, [0])
    assert (kept.stamp.mark, kept.digest.labels) == ("new", ("dog",))
    world.digests.confirm(video_id, 0, AT + 5)
    assert world.digests.stamps(video_id, [0]) == {0: Stamp(AT + 5, "new")}
    assert same(next(iter(world.digests.read(video_id, [0]))).digest, new)


def entries(video_id: UUID, at: datetime, *labels: str, frames: int = 1) -> list[SearchEntry]:
    """Entries of a video."""
    return [SearchEntry(video_id, at, TaskName.OBJECTS, label, "m", frames, 0.0, 1.5, 0.9) for label in labels]


def test_entries_are_found_from_new_to_old(world: World) -> None:
    label = f"dog {uuid4()}"
    all_of_them = [
        entry
        for day in (0, 0.001, 1, 1.5, 40, 400)
        for entry in entries(uuid4(), T0 + timedelta(days=day), label, f"{label} 2")
    ]
    for entry in random.Random(1).sample(all_of_them, len(all_of_them)):
        known = [e for e in all_of_them if e.video_id == entry.video_id]
        world.search.replace(entry.video_id, known, AT)
    wanted = sorted((e for e in all_of_them if e.label == label), key=lambda e: e.place, reverse=True)
    assert list(world.search.find(label)) == wanted
    for at in range(len(wanted)):
        assert list(world.search.find(label, after=wanted[at].place)) == wanted[at + 1 :]
        assert list(world.search.find(label, created_from=wanted[at].created_at)) == wanted[: at + 1]
        assert list(world.search.find(label, created_to=wanted[at].created_at)) == wanted[at:]
    every = sorted(all_of_them, key=lambda e: e.place, reverse=True)
    assert [e for e in world.search.find() if e in all_of_them] == every
    assert list(world.search.find("nothing")) == []


def test_entries_are_replaced_and_forgotten(world: World) -> None:
    video_id, at, label = uuid4(), a_moment(), str(uuid4())
    world.search.replace(video_id, entries(video_id, at, label, f"{label} old"), AT)
    world.search.replace(video_id, entries(video_id, at, label, f"{label} new", frames=5), AT + 1)
    world.search.replace(video_id, entries(video_id, at, label, f"{label} old"), AT - 1)
    assert [e.frames for e in world.search.find(label)] == [5]
    assert [len(list(world.search.find(f"{label} {name}"))) for name in ("old", "new")] == [0, 1]
    world.search.forget(video_id)
    world.search.forget(video_id)
    assert [e for e in world.search.find() if e.video_id == video_id] == []


def test_changed_buckets_stay_listed_until_they_are_settled(world: World) -> None:
    video = world.video(1, 1001)
    before = [c for c in world.results.changed(10_000) if c.video_id == video.video_id]
    assert [c.bucket for c in before] == [0, 1]
    assert [c.revision for c in before] == [s.revision for s in world.results.summaries(video.video_id)]
    world.save(video, 2)
    world.results.settle(before)
    [after] = [c for c in world.results.changed(10_000) if c.video_id == video.video_id]
    assert (after.bucket, after.revision > before[0].revision) == (0, True)
    world.results.settle([after])
    assert [c for c in world.results.changed(10_000) if c.video_id == video.video_id] == []
    world.results.recount(video.video_id, [0, 1, 7])
    world.results.remove(video.video_id, [0, 1], AT + 1)
    assert [c for c in world.results.changed(10_000) if c.video_id == video.video_id] == []


def test_the_index_follows_saves_clearing_and_retries(world: World) -> None:
    video = world.video(1, 2, 3, 1001)
    world.indexer().index()
    assert world.found(video) == {"dog": 4}
    entered = world.results.entries(video.video_id, 0)
    world.results.clear(video.video_id, 0, entered[:2], AT + 1)
    world.indexer().index()
    assert world.found(video) == {"dog": 2}
    world.save(video, 3, label="cat", at=AT + 10)
    world.indexer().index()
    assert world.found(video) == {"dog": 1, "cat": 1}
    reading = Reading(world.results, world.digests, DigestCache(), video.video_id, most_made=0)
    assert [digest.bucket for digest in reading] == [0, 1]
    assert reading.left_out == 0


def test_a_bucket_that_grows_is_read_now_and_then_and_at_the_end(client: CassandraClient) -> None:
    world = on_cassandra(client)
    video = world.video(1, 2)
    world.indexer().index()
    world.save(video, 3)
    world.indexer().index()
    assert world.found(video) == {"dog": 2}
    world.save(video, 1001)
    world.indexer().index()
    assert world.found(video) == {"dog": 4}
    world.save(video, 1002)
    world.videos.transition(video.video_id, VideoStatus.COMPLETED)
    world.indexer().index()
    assert world.found(video) == {"dog": 5}


def test_a_bucket_that_was_counted_just_now_is_left_alone_until_the_end(client: CassandraClient) -> None:
    world = on_cassandra(client)
    video = world.video(1)
    world.indexer().index()
    world.save(video, 2, 1001)
    world.indexer(changing_seconds=60).index()
    assert world.found(video) == {"dog": 2}
    world.videos.transition(video.video_id, VideoStatus.COMPLETED)
    world.indexer(changing_seconds=60).index()
    assert world.found(video) == {"dog": 3}


def test_a_bucket_that_a_retry_has_emptied_is_found_no_more(
    client: CassandraClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = on_cassandra(client)
    video = world.video(1)
    bad = analyzed(video.video_id, 1001, a_result([replace(dog(), label="cat")]), a_result([], COLORS, error="no"))
    world.results.save([bad], {video.video_id: AT})
    world.indexer().index()
    assert world.found(video) == {"dog": 1, "cat": 1}
    world.results.reopen(video.video_id, 1, AT + 10)
    monkeypatch.setattr(indexer, "UNCOUNTED_SECONDS", 0.0)
    world.indexer().index()
    assert world.found(video) == {"dog": 1}


def test_several_indexers_at_once_do_no_harm(world: World) -> None:
    video = world.video(*range(1, 30), *range(1001, 1030))

    def work(number: int) -> None:
        for n in range(5):
            world.save(video, 100 + 10 * number + n)
            world.indexer().index()

    race(3, work)
    world.indexer().index()
    assert world.found(video) == {"dog": 28 + 30 + 15}


def test_a_reading_makes_what_is_missing_and_says_what_it_leaves_out(world: World) -> None:
    video = world.video(1, 1001, 2001)
    bounded = Reading(world.results, world.digests, DigestCache(), video.video_id, most_made=2)
    assert ([d.bucket for d in bounded], bounded.left_out) == ([0, 1], 1)
    cache = DigestCache()
    assert len(list(Reading(world.results, world.digests, cache, video.video_id))) == 3
    cached = Reading(world.results, world.digests, cache, video.video_id, most_made=0)
    assert [d.bucket for d in cached.within(99, 150)] == [1]
    world.save(video, 5)
    late = Reading(world.results, world.digests, cache, video.video_id, most_made=0)
    assert ([d.bucket for d in late], late.left_out) == ([1, 2], 2)


def test_the_cache_is_bounded() -> None:
    cache, digest = DigestCache(most_bytes=5 * a_digest(0, "dog").size), a_digest(0, "dog")
    video_id = uuid4()
    for bucket in range(20):
        cache.put((video_id, bucket), 1, digest)
    assert [bucket for bucket in range(20) if cache.get((video_id, bucket), 1) is not None] == [15, 16, 17, 18, 19]
    assert cache.get((video_id, 19), 2) is None


def test_a_deleted_video_leaves_nothing(client: CassandraClient, tmp_path: Path) -> None:
    world = on_cassandra(client)
    video = world.video(1, 2, 1001)
    world.indexer().index()
    world.save(video, 3)
    world.videos.transition(video.video_id, VideoStatus.CANCELLED)
    assert {"digests", "changed_buckets", "search_entries", "search_entries_of_video"} <= set(
        named(client, video.video_id)
    )
    stale = make(world.results, video.video_id, world.results.summaries(video.video_id)[0])
    late = entries(video.video_id, video.created_at, "dog", "late")
    stores = Stores(world.videos, world.results, FolderFrameStore(tmp_path / "f"), SourceFolder(tmp_path / "s"))
    time.sleep(0.01)
    clear(stores, datetime.now(UTC))
    assert named(client, video.video_id) == {}
    world.digests.save(video.video_id, stale)
    world.search.replace(video.video_id, late[:1], stale.stamp.revision)
    assert named(client, video.video_id) == {}
    world.search.replace(video.video_id, late, stale.stamp.revision)
    [left] = world.search.find("late")
    world.search.drop(left)
    assert named(client, video.video_id) == {}


def test_a_digest_that_cannot_be_read_is_as_good_as_none(client: CassandraClient) -> None:
    world = on_cassandra(client)
    video = world.video(1)
    world.indexer().index()
    client.execute(
        "UPDATE digests SET content = ? WHERE video_id = ? AND shelf = 0 AND bucket = 0", (b"x", video.video_id)
    )
    assert list(world.digests.read(video.video_id, [0])) == []
    [digest] = Reading(world.results, world.digests, DigestCache(), video.video_id)
    assert digest.labels == ("dog",)
