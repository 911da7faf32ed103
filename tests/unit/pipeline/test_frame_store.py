"""The folder of frames."""

import errno
import os
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.contracts.errors import DiskFull, StoreError
from pipeline.frame_store import FolderFrameStore, FrameStore, InMemoryFrameStore


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FrameStore:
    return FolderFrameStore(tmp_path) if request.param == "folder" else InMemoryFrameStore()


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
