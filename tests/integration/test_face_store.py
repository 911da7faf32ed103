"""The store of face vectors: what it promises, in memory and on Cassandra with its vector index."""

from dataclasses import replace
from uuid import UUID, uuid4

import numpy as np
import pytest

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.faces import CassandraFaceStore
from pipeline.contracts.errors import StoreError
from pipeline.contracts.results import Box
from pipeline.stores.faces import FaceStore, FaceVector, InMemoryFaceStore, TrackVector, Vector, unit

BOX = Box(0.1, 0.2, 0.3, 0.4)
AT = 1_700_000_000_000_000


@pytest.fixture(params=["memory", "cassandra"])
def store(request: pytest.FixtureRequest) -> FaceStore:
    if request.param == "memory":
        return InMemoryFaceStore()
    client: CassandraClient = request.getfixturevalue("client")
    return CassandraFaceStore(client)


def a_vector(seed: int, length: int = 256) -> Vector:
    return unit(np.random.default_rng(seed).normal(size=length))


def a_track(video_id: UUID, name: str, vector: Vector, model: str) -> TrackVector:
    return TrackVector(video_id, name, model, 1.0, 2.0, 11, 5, vector)


def test_raw_vectors_by_bucket(store: FaceStore) -> None:
    video_id = uuid4()
    faces = [FaceVector(video_id, n, "m", n / 10, replace(BOX, x=n / 5000), 0.5, a_vector(n)) for n in (1, 1000, 1001)]
    store.keep(faces, {video_id: AT})
    store.keep(faces, {video_id: AT})
    assert [bucket for known, bucket in sorted(store.raw_buckets()) if known == video_id] == [0, 1]
    assert store.raw(video_id, 0) == faces[:2]
    kept = store.raw(video_id, 0)[0].vector
    assert kept @ faces[0].vector == pytest.approx(1, abs=1e-3)
    store.drop_raw(faces[:1])
    assert store.raw(video_id, 0) == faces[1:2]
    store.keep(faces, {video_id: AT})
    store.drop_raw_bucket(video_id, 0)
    assert store.raw(video_id, 0) == []
    assert store.raw(video_id, 1) == faces[2:]


@pytest.mark.parametrize("length", [256, 1024])
def test_the_most_similar_tracks_come_first(store: FaceStore, length: int) -> None:
    model, video_id = uuid4().hex, uuid4()
    asked = a_vector(1, length)
    near = [unit(asked + k * 0.02 * a_vector(50 + k, length)) for k in range(12)]
    far = [a_vector(100 + k, length) for k in range(60)]
    tracks = [a_track(video_id, f"f{k + 1}-1", vector, model) for k, vector in enumerate(near + far)]
    store.save_tracks(tracks)
    store.save_tracks([a_track(video_id, "f1-1", asked, uuid4().hex)])
    found = store.nearest(model, asked * 3, 10)
    assert [one.track.track_id for one in found] == [f"f{k + 1}-1" for k in range(10)]
    assert [one.similarity for one in found] == pytest.approx([float(v @ asked) for v in near[:10]], abs=1e-5)
    assert found[0].track == tracks[0]
    assert len(list(store.all_tracks(model))) == 72
    store.drop_tracks(tracks[:1])
    assert store.nearest(model, asked, 1)[0].track.track_id == "f2-1"
    store.forget(video_id, [0])
    assert store.nearest(model, asked, 5) == []
    assert store.tracks(video_id) == []


def test_a_track_is_kept_in_place_of_what_was_known(store: FaceStore) -> None:
    video_id = uuid4()
    store.save_tracks([a_track(video_id, "f1-1", a_vector(1), "m")])
    store.save_tracks([replace(a_track(video_id, "f1-1", a_vector(2), "m"), faces=9)], seconds=3600)
    (found,) = store.tracks(video_id)
    assert found.faces == 9
    assert found.vector == pytest.approx(a_vector(2))


def test_a_vector_that_no_table_fits_is_refused(client: CassandraClient) -> None:
    with pytest.raises(StoreError, match="vectors of 7 numbers"):
        CassandraFaceStore(client).save_tracks([a_track(uuid4(), "f1-1", a_vector(1, 7), "m")])
