"""Tracks, and what is drawn on videos: what a store of them promises, in memory and on Cassandra."""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import numpy as np
import psutil
import pytest

from ingest.tracking import TrackingProcess
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.faces import CassandraFaceStore
from pipeline.cassandra.regions import CassandraRegionStore
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.sightings import CassandraSightingStore
from pipeline.cassandra.tracks import CassandraTrackStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.clearing import Stores as Clearing
from pipeline.clearing import wipe
from pipeline.contracts.regions import Line, Regions, Zone
from pipeline.contracts.results import Box, TaskName, TaskRequest
from pipeline.contracts.settings import CassandraSettings
from pipeline.contracts.tracks import BestFrame, Spot, Track, Tracking, TrackPerson, TrackPoints
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.stores.duties import CassandraDutyStore
from pipeline.stores.faces import TrackVector, unit
from pipeline.stores.frames import InMemoryFrameStore
from pipeline.stores.in_memory_tracks import InMemoryTrackStore
from pipeline.stores.regions import InMemoryRegionStore, RegionStore
from pipeline.stores.sources import SourceFolder
from pipeline.stores.tracks import TrackQuery, TrackStore
from tests.unit.factories import a_video
from tests.unit.tracking.scenes import World, seen, walker
from tests.waiting import wait_until
from tracking.course import Stores
from tracking.main import NICENESS
from tracking.service import TrackingService

ADA = TrackPerson(uuid4(), "Ada", 0.61, 0.8)
FACE = Track(
    "f51-2",
    TaskName.FACES,
    "face",
    1.0,
    0.97,
    120,
    51,
    1171,
    2.0,
    46.8,
    (Spot(2.0, 0.25, 0.5), Spot(46.8, 0.75, 0.5)),
    BestFrame(93, 3.68, Box(0.2, 0.4, 0.1, 0.15), 0.71),
    ADA,
    {"happy": 0.75, "sad": 0.25},
    False,
)
THING = Track("o7-0", TaskName.OBJECTS, "person", 0.97, 0.9, 3, 7, 9, 0.24, 0.32)


@pytest.fixture(params=["memory", "cassandra"])
def store(request: pytest.FixtureRequest) -> Iterator[TrackStore]:
    if request.param == "memory":
        yield InMemoryTrackStore()
    else:
        yield CassandraTrackStore(request.getfixturevalue("client"))


@pytest.fixture(params=["memory", "cassandra"])
def regions(request: pytest.FixtureRequest) -> RegionStore:
    return (
        InMemoryRegionStore() if request.param == "memory" else CassandraRegionStore(request.getfixturevalue("client"))
    )


def points(track_id: str, first: int, count: int) -> TrackPoints:
    numbers = np.arange(first, first + count)
    return TrackPoints(track_id, numbers, numbers / 10, np.tile(np.array([0.1, 0.2, 0.3, 0.4], np.float32), (count, 1)))


def test_a_track_comes_back_as_it_was_kept(store: TrackStore) -> None:
    video_id = uuid4()
    store.save_tracks(video_id, [FACE, THING], 10)
    assert store.get(video_id, "f51-2") == FACE
    assert store.get(video_id, "o7-0") == THING
    for name in ("f51-3", "o51-2", "f52-2", "nonsense", "f0-1", "f99999999999999999-1"):
        assert store.get(video_id, name) is None, name
    assert store.page(video_id, TrackQuery(), 10).tracks == (THING, FACE)
    store.save_tracks(video_id, [replace(FACE, frames=121, person=None, ended=True)], 11)
    store.save_tracks(video_id, [replace(FACE, frames=7)], 9)
    assert store.get(video_id, "f51-2") == replace(FACE, frames=121, person=None, ended=True)


def test_points_come_back_as_they_were_kept(store: TrackStore) -> None:
    video_id = uuid4()
    store.save_points(video_id, 0, [points("o7-0", 7, 3), points("f51-2", 51, 900)], 10)
    store.save_points(video_id, 1, [points("f51-2", 1001, 20)], 10)
    found = {p.track_id: p for p in store.points(video_id, 0)}
    assert found.keys() == {"o7-0", "f51-2"}
    one = store.points_of(video_id, 1, "f51-2")
    assert one is not None
    assert one.frames.tolist() == list(range(1001, 1021))
    assert one.times.tolist() == [n / 10 for n in range(1001, 1021)]
    assert one.boxes.dtype == np.float32
    assert one.boxes.tolist() == points("f51-2", 1001, 20).boxes.tolist()
    assert store.points_of(video_id, 1, "o7-0") is None
    assert store.points(video_id, 2) == []


def test_pages_hold_every_track_once(store: TrackStore) -> None:
    video_id = uuid4()
    tracks = [replace(THING, track_id=f"o{n}-{i}", first_frame=n) for n in range(1, 40) for i in range(3)]
    store.save_tracks(video_id, tracks, 10)
    found: list[Track] = []
    after = None
    while True:
        page = store.page(video_id, TrackQuery(label="person"), 7, after)
        found += page.tracks
        if (after := page.next) is None:
            break
        assert len(page.tracks) == 7
    assert found == sorted(tracks, key=lambda t: (t.first_frame, t.track_id))


def test_a_rare_label_is_looked_for_page_by_page(client: CassandraClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.cassandra.tracks.SCANNED_TRACKS", 10)
    store, video_id = CassandraTrackStore(client), uuid4()
    store.save_tracks(video_id, [replace(THING, track_id=f"o{n}-0", first_frame=n) for n in range(1, 30)], 10)
    store.save_tracks(video_id, [replace(THING, track_id="o30-0", first_frame=30, label="dog")], 10)
    found: list[Track] = []
    pages, after = 0, None
    while True:
        page = store.page(video_id, TrackQuery(label="dog"), 5, after)
        pages, found = pages + 1, [*found, *page.tracks]
        if (after := page.next) is None:
            break
    assert ([t.track_id for t in found], pages) == (["o30-0"], 4)


def test_beginning_anew_leaves_what_is_newer(store: TrackStore) -> None:
    video_id = uuid4()
    store.save_tracks(video_id, [FACE, THING], 10)
    store.save_points(video_id, 0, [points("o7-0", 7, 3), points("f51-2", 51, 9)], 10)
    store.save_tracks(video_id, [THING], 21)
    store.save_points(video_id, 0, [points("o7-0", 7, 3)], 21)
    store.begin(video_id, [0, 1], 20)
    assert store.page(video_id, TrackQuery(), 10).tracks == (THING,)
    assert [p.track_id for p in store.points(video_id, 0)] == ["o7-0"]


def test_how_far_it_is(store: TrackStore) -> None:
    video_id = uuid4()
    assert store.state(video_id) is None
    state = Tracking(2, 1171, 46.8, True, 3, skipped=True)
    store.save_state(video_id, state, 11)
    store.save_state(video_id, replace(state, complete=False), 10)
    assert store.state(video_id) == state


def test_a_video_stays_listed_if_it_was_listed_again(store: TrackStore) -> None:
    video_id = uuid4()
    store.owe(video_id)
    [before] = [owed for owed in store.owed(1000) if owed.video_id == video_id]
    store.owe(video_id)
    store.settle(before)
    [again] = [owed for owed in store.owed(1000) if owed.video_id == video_id]
    store.settle(again)
    assert video_id not in {owed.video_id for owed in store.owed(1000)}


def test_a_name_can_be_taken_off(store: TrackStore) -> None:
    video_id, now = uuid4(), time.time_ns() // 1000
    store.save_tracks(video_id, [FACE, THING], now)
    assert store.forget_person(video_id, {uuid4()}) == 0
    assert store.forget_person(video_id, {ADA.person_id}) == 1
    assert store.get(video_id, "f51-2") == replace(FACE, person=None)
    assert store.page(video_id, TrackQuery(person="Ada"), 10).tracks == ()


def test_what_is_drawn(regions: RegionStore) -> None:
    video_id = uuid4()
    assert regions.get(video_id) == Regions()
    drawn = Regions((Line("door", ((0.1, 0.2), (0.3, 0.4))),), (Zone("a", ((0.0, 0.0), (1.0, 0.0), (0.5, 1.0))),))
    regions.save(video_id, drawn)
    assert regions.get(video_id) == drawn
    regions.save(video_id, Regions())
    assert not regions.get(video_id)


class Kept:
    """A world whose stores are Cassandra's."""

    def __init__(self, client: CassandraClient) -> None:
        self.videos, self.results = CassandraVideoStore(client), CassandraResultStore(client)
        self.frames, self.tracks = InMemoryFrameStore(), CassandraTrackStore(client)
        self.duties = CassandraDutyStore(client)

    def service(self) -> TrackingService:
        return TrackingService(Stores(self.videos, self.results, self.frames, self.tracks), self.duties, "here")

    def video(self) -> Video:
        at = time.time_ns() // 1000
        video = replace(a_video(), tasks=(TaskRequest(TaskName.OBJECTS),), attempt_timestamp=at)
        self.tracks.owe(video.video_id)
        self.videos.create(video)
        self.videos.transition(video.video_id, VideoStatus.PROCESSING)
        return video

    def is_complete(self, video: Video) -> bool:
        state = self.tracks.state(video.video_id)
        return state is not None and state.complete

    def walk(self, video: Video, frames: int) -> None:
        found = [seen(video.video_id, n, walker(n % 80), walker(n % 60, y=0.1)) for n in range(1, frames + 1)]
        self.results.save(found, {video.video_id: video.attempt_timestamp})
        self.videos.transition(video.video_id, VideoStatus.COMPLETED)


def test_tracks_on_cassandra_are_those_of_memory(client: CassandraClient) -> None:
    kept, world = Kept(client), World()
    video = kept.video()
    kept.walk(video, 1200)
    service = kept.service()
    while service.round():
        pass
    same = world.video()
    whole = world.make(same, *(seen(same.video_id, n, walker(n % 80), walker(n % 60, y=0.1)) for n in range(1, 1201)))
    assert kept.tracks.page(video.video_id, TrackQuery(), 1000).tracks == whole
    for bucket in (0, 1):
        one, other = (
            {p.track_id: p.frames.tolist() for p in s.points(v.video_id, bucket)}
            for s, v in (
                (kept.tracks, video),
                (world.tracks, same),
            )
        )
        assert one == other
    assert video.video_id not in {owed.video_id for owed in kept.tracks.owed(1000)}


def test_a_deleted_video_leaves_no_tracks_and_late_ones_stay_away(client: CassandraClient, tmp_path: Path) -> None:
    kept, drawn = Kept(client), CassandraRegionStore(client)
    video = kept.video()
    kept.walk(video, 50)
    began = time.time_ns() // 1000
    kept.service().round()
    drawn.save(video.video_id, Regions((Line("door", ((0.1, 0.2), (0.3, 0.4))),)))
    ended = kept.videos.get(video.video_id)
    assert ended is not None
    assert kept.videos.delete(ended)
    kept.tracks.owe(video.video_id)
    wipe(
        Clearing(kept.videos, kept.results, kept.frames, SourceFolder(tmp_path)), video.video_id, time.time_ns() // 1000
    )
    kept.tracks.save_tracks(video.video_id, [THING], began)
    kept.tracks.save_points(video.video_id, 0, [points("o7-0", 7, 3)], began)
    kept.tracks.save_state(video.video_id, Tracking(1, 3, 0.2, True), began)
    assert kept.tracks.page(video.video_id, TrackQuery(), 10).tracks == ()
    assert kept.tracks.points(video.video_id, 0) == []
    assert kept.tracks.state(video.video_id) is None
    assert not drawn.get(video.video_id)
    assert video.video_id not in {owed.video_id for owed in kept.tracks.owed(1000)}


def test_tracks_of_cleared_frames_go(client: CassandraClient) -> None:
    kept = Kept(client)
    video = kept.video()
    found = [seen(video.video_id, n, walker(n % 80)) for n in range(900, 1100)]
    kept.results.save(found, {video.video_id: video.attempt_timestamp})
    kept.videos.transition(video.video_id, VideoStatus.COMPLETED)
    service = kept.service()
    while service.round():
        pass
    before = kept.tracks.page(video.video_id, TrackQuery(), 100).tracks
    faces, sightings, person_id = CassandraFaceStore(client), CassandraSightingStore(client), uuid4()
    vector = unit(np.ones(256))
    faces.save_tracks(
        [TrackVector(video.video_id, t.track_id, "m", 0.1, 0.2, t.first_frame, 3, vector) for t in before]
    )
    sightings.enter([(person_id, (video.video_id, bucket)) for bucket in (0, 1)], video.attempt_timestamp)
    kept.results.clear(video.video_id, 0, kept.results.entries(video.video_id, 0)[:50], video.attempt_timestamp + 1)
    assert kept.tracks.page(video.video_id, TrackQuery(), 100).tracks == before, "some of its frames are there still"
    kept.results.clear(video.video_id, 0, kept.results.entries(video.video_id, 0), video.attempt_timestamp + 1)
    after = kept.tracks.page(video.video_id, TrackQuery(), 100).tracks
    assert after == tuple(track for track in before if track.last_frame > 1000) != before
    assert kept.tracks.points(video.video_id, 0) == []
    assert kept.tracks.points(video.video_id, 1) != []
    assert {v.track_id for v in faces.tracks(video.video_id)} == {track.track_id for track in after}
    assert sightings.of_person(person_id) == [(video.video_id, 1)]


def test_the_process_makes_them_and_another_goes_on_when_it_is_killed(
    client: CassandraClient, cassandra_settings: CassandraSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(client)
    for name, value in {
        "CASSANDRA_PORT": str(cassandra_settings.cassandra_port),
        "KEYSPACE": cassandra_settings.keyspace,
        "DATA_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(f"FRAMEWISE_{name}", value)
    process = TrackingProcess(kept.tracks, time.monotonic)
    keeping = threading.Thread(target=process.run)
    keeping.start()
    try:
        first = kept.video()
        kept.walk(first, 60)
        wait_until(lambda: kept.is_complete(first), 60)
        child = process._child
        assert child is not None
        assert psutil.Process(child.pid).nice() == min(19, os.nice(0) + NICENESS)
        other_video = kept.video()
        child.kill()
        kept.walk(other_video, 60)
        wait_until(lambda: kept.is_complete(other_video), 60)
        other = process._child
        assert other is not None
        assert other.pid != child.pid
        one, two = (kept.tracks.page(video.video_id, TrackQuery(), 100).tracks for video in (first, other_video))
        assert one == two != ()
    finally:
        process.stop()
        keeping.join(20)
    assert process._child is None
    assert other.poll() == 0, "it has ended with its input"
