"""The folder of frames."""

import errno
import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.contracts.errors import DiskFull, StoreError
from pipeline.contracts.settings import S3Settings
from pipeline.stores.frames import FolderFrameStore, FrameStore, InMemoryFrameStore
from pipeline.stores.object_frames import ObjectFrameStore


@pytest.fixture(params=["folder", "memory", "objects"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FrameStore:
    made: dict[str, FrameStore] = {
        "folder": FolderFrameStore(tmp_path),
        "memory": InMemoryFrameStore(),
        "objects": ObjectFrameStore(f"memory://frames/{uuid4()}", S3Settings()),
    }
    return made[request.param]


def test_what_is_put_can_be_got(store: FrameStore) -> None:
    video_id, other = uuid4(), uuid4()
    for n in (1, 1000, 1001):
        store.put(video_id, n, b"picture %d" % n)
    store.put(video_id, 1, b"again")
    store.put(other, 1, b"other")
    assert store.get(video_id, 1) == b"again"
    assert store.get(video_id, 1001) == b"picture 1001"
    assert store.get(video_id, 2) is None
    store.delete_video(video_id)
    assert store.get(video_id, 1) is None
    assert store.get(other, 1) == b"other"


def test_many_are_put_together(store: FrameStore) -> None:
    video_id, other = uuid4(), uuid4()
    store.put_many([])
    store.put_many([(video_id, 1, b"a"), (video_id, 1001, b"b"), (other, 1, b"c"), (video_id, 1, b"d")])
    assert [store.get(video_id, 1), store.get(video_id, 1001), store.get(other, 1)] == [b"d", b"b", b"c"]
    assert store.buckets(video_id) == [0, 1]


def test_what_is_there_is_listed(store: FrameStore) -> None:
    video_id, other = uuid4(), uuid4()
    began = datetime.now(UTC) - timedelta(seconds=1)
    for n in (1001, 2, 1, 7_000_001):
        store.put(video_id, n, b"x" * n if n < 3 else b"")
    store.put(other, 1, b"")
    assert {*store.video_ids()} == {video_id, other}
    assert store.buckets(video_id) == [0, 1, 7000]
    assert [(f.frame_number, f.size) for f in store.stored(video_id, 0)] == [(1, 1), (2, 2)]
    assert all(began <= f.stored_at <= datetime.now(UTC) + timedelta(seconds=1) for f in store.stored(video_id, 0))
    assert store.stored(video_id, 5) == []
    assert store.buckets(uuid4()) == []


def test_frames_are_deleted_by_number(store: FrameStore) -> None:
    video_id = uuid4()
    for n in (1, 2, 1001):
        store.put(video_id, n, b"x")
    for _ in range(2):
        store.delete(video_id, [1, 1001, 5])
        assert [store.get(video_id, n) for n in (1, 2, 1001)] == [None, b"x", None]
        assert store.buckets(video_id) == [0]
    store.delete(video_id, [2])
    assert list(store.video_ids()) == []
    store.put(video_id, 2, b"again")
    assert store.get(video_id, 2) == b"again"


def test_what_is_no_frame_is_passed_over_and_left(tmp_path: Path) -> None:
    store, video_id = FolderFrameStore(tmp_path), uuid4()
    store.put(video_id, 1, b"x")
    strangers = [
        tmp_path / "notes" / "a",
        tmp_path / str(video_id) / "notes",
        tmp_path / str(video_id) / "000000" / ".a.tmp",
    ]
    for path in strangers:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    assert list(store.video_ids()) == [video_id]
    assert store.buckets(video_id) == [0]
    assert [f.frame_number for f in store.stored(video_id, 0)] == [1]
    store.delete(video_id, [1])
    assert all(path.exists() for path in strangers)


def test_a_frame_that_cannot_be_deleted_is_a_clear_error(tmp_path: Path) -> None:
    store, video_id = FolderFrameStore(tmp_path), uuid4()
    store.path(video_id, 1).mkdir(parents=True)
    with pytest.raises(StoreError, match=r"000000001.jpg cannot be removed"):
        store.delete(video_id, [1])


def test_a_frame_is_put_although_its_folder_goes_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clearing removes folders that are empty; a worker may just have made one."""
    store, video_id = FolderFrameStore(tmp_path), uuid4()
    make, turns = tempfile.mkstemp, [3]

    def make_late(dir: Path, prefix: str, suffix: str) -> tuple[int, str]:  # noqa: A002 - its name there
        if turns[0]:
            turns[0] -= 1
            dir.rmdir()
            dir.parent.rmdir()
        return make(dir=dir, prefix=prefix, suffix=suffix)

    monkeypatch.setattr(tempfile, "mkstemp", make_late)
    store.put(video_id, 1, b"x")
    assert store.get(video_id, 1) == b"x"
    turns[0] = 1000
    with pytest.raises(StoreError, match="frame 1001 cannot be stored"):
        store.put(uuid4(), 1001, b"x")


def test_nothing_is_left_beside_a_frame(tmp_path: Path) -> None:
    store = FolderFrameStore(tmp_path)
    video_id = uuid4()
    store.put(video_id, 1, b"x")
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["000000001.jpg"]


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="frame 1 cannot be stored"):
        FolderFrameStore(tmp_path / "file").put(uuid4(), 1, b"x")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def full(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    store, video_id = FolderFrameStore(tmp_path), uuid4()
    store.put(video_id, 1, b"before")
    monkeypatch.setattr(os, "fdatasync", full)
    with pytest.raises(DiskFull, match="frame 1; free some space"):
        store.put(video_id, 1, b"after")
    assert store.get(video_id, 1) == b"before"
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["000000001.jpg"]
    monkeypatch.undo()
    store.put(video_id, 1, b"after")
    assert store.get(video_id, 1) == b"after"
