"""Frames in a bucket of S3: the contract of every frame store, and what S3 does when it cannot."""

import multiprocessing
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import psutil
import pytest

from pipeline.contracts.errors import StoreError, StoreUnavailable
from pipeline.contracts.settings import PathSettings, S3Settings
from pipeline.patience import patiently
from pipeline.stores.object_frames import ObjectFrameStore
from stack.round_trips import frames_there_and_back
from tests.aws import CREDENTIALS, REGION, Aws, serving_aws
from tests.processes import command_line
from tests.unit.pipeline.stores.test_frames import (  # noqa: F401 - the contract, with the store of this module
    test_frames_are_deleted_by_number,
    test_what_is_put_can_be_got,
    test_what_is_there_is_listed,
)

BUCKET = "frames"


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with serving_aws() as running:
        running.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield running


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def settings(aws: Aws) -> S3Settings:
    return S3Settings(s3_endpoint=aws.url)


@pytest.fixture
def store(settings: S3Settings) -> ObjectFrameStore:
    return ObjectFrameStore(f"s3://{BUCKET}/{uuid4()}", settings)


def test_many_threads_put_and_get_at_the_same_time(store: ObjectFrameStore) -> None:
    video_id = uuid4()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: store.put(video_id, n, b"%d" % n), range(1, 41)))
        assert list(threads.map(lambda n: store.get(video_id, n), range(1, 41))) == [b"%d" % n for n in range(1, 41)]
    assert [f.frame_number for f in store.stored(video_id, 0)] == list(range(1, 41))
    store.delete_video(video_id)
    assert (store.buckets(video_id), list(store.video_ids())) == ([], [])


def put_two(store: ObjectFrameStore, video_id: UUID) -> None:
    """What a forked worker does with a store that was used before the fork."""
    store.put(video_id, 2, b"two")


def test_a_store_is_used_before_and_after_a_fork(store: ObjectFrameStore) -> None:
    video_id = uuid4()
    store.put(video_id, 1, b"one")
    child = multiprocessing.get_context("fork").Process(target=put_two, args=(store, video_id))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    assert [store.get(video_id, n) for n in (1, 2)] == [b"one", b"two"]


def test_a_bucket_that_is_not_there_is_said(settings: S3Settings) -> None:
    store = ObjectFrameStore("s3://nobodys-bucket/frames", settings)
    with pytest.raises(StoreError, match="frame 1 cannot be stored: there is no bucket behind s3://nobodys-bucket"):
        store.put(uuid4(), 1, b"x")
    with pytest.raises(StoreError, match="no bucket behind"):
        store.ping()


def test_the_bucket_is_asked_whether_it_is_there(store: ObjectFrameStore) -> None:
    assert store.ping().startswith("frames are kept in s3://frames/")


def test_a_server_that_is_away_is_waited_for_by_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers try again what is unavailable."""
    monkeypatch.setattr("pipeline.stores.object_frames.TRIES", 1)
    store = ObjectFrameStore("s3://frames/a", S3Settings(s3_endpoint="http://127.0.0.1:9"))
    with pytest.raises(StoreUnavailable, match="frame 1 cannot be stored"):
        store.put(uuid4(), 1, b"x")


def test_a_server_that_hangs_is_waited_for(aws: Aws, settings: S3Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a worker stores: the picture is there once the server answers again."""
    store, video_id = ObjectFrameStore(f"s3://{BUCKET}/{uuid4()}", settings), uuid4()
    store.ping()
    monkeypatch.setattr("pipeline.stores.object_frames.LIMIT_SECONDS", 1)
    server = next(p for p in psutil.Process().children() if "moto.server" in command_line(p).split())
    server.suspend()
    try:
        with pytest.raises(StoreUnavailable, match="frame 1 cannot be stored"):
            store.put(video_id, 1, b"x")
        threading.Timer(1.5, server.resume).start()
        patiently(lambda: store.put(video_id, 1, b"x"), 30)
    finally:
        server.resume()
    assert store.get(video_id, 1) == b"x"


def test_frames_lie_where_other_tools_find_them(aws: Aws, store: ObjectFrameStore) -> None:
    video_id = uuid4()
    store.put(video_id, 1001, b"x")
    listed = aws.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    assert any(found["Key"].endswith(f"/{video_id}/000001/000001001.jpg") for found in listed)


def test_the_doctor_tries_the_bucket_and_leaves_nothing(aws: Aws, settings: S3Settings) -> None:
    paths = PathSettings(frame_store=f"s3://{BUCKET}/tried")
    assert frames_there_and_back(paths, settings) == "a frame put into s3://frames/tried, read, listed and deleted"
    assert "Contents" not in aws.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="tried/")
    with pytest.raises(StoreError, match="there is no bucket"):
        frames_there_and_back(PathSettings(frame_store="s3://nobodys-bucket/tried"), settings)
