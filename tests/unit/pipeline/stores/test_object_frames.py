"""What becomes of errors of an object store: which are waited for, and that a full one is said to be full."""

import errno
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from fsspec.implementations.memory import MemoryFileSystem
from s3fs.errors import translate_boto_error

from pipeline.contracts.errors import DiskFull, StoreError, StoreUnavailable
from pipeline.contracts.settings import S3Settings
from pipeline.stores.object_frames import ObjectFrameStore


def of_s3(code: str) -> Exception:
    """An answer of S3 as s3fs raises it."""
    error: Exception = translate_boto_error(ClientError({"Error": {"Code": code, "Message": "said"}}, "PutObject"))
    return error


@pytest.mark.parametrize(
    ("raised", "kind", "said"),
    [
        (OSError(errno.ENOSPC, "full"), DiskFull, "frame 7 cannot be stored: no space left in memory://frames"),
        (of_s3("XMinioStorageFull"), DiskFull, "free some space"),
        (of_s3("QuotaExceeded"), DiskFull, "free some space"),
        (of_s3("AccessDenied"), StoreUnavailable, "does not allow it: said"),
        (of_s3("NoSuchBucket"), StoreUnavailable, "there is no bucket behind memory://frames"),
        (of_s3("InternalError"), StoreUnavailable, "said"),
        (TimeoutError(), StoreUnavailable, "no answer in time"),
        (OSError("no answer of http://key:secret@minio/frames"), StoreUnavailable, r"http://\*\*\*@minio/frames"),
    ],
)
def test_an_error_is_one_of_ours(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, kind: type[StoreError], said: str
) -> None:
    def fail(files: MemoryFileSystem, path: str, content: bytes) -> None:
        raise raised

    monkeypatch.setattr(MemoryFileSystem, "pipe_file", fail)
    with pytest.raises(kind, match=said):
        ObjectFrameStore("memory://frames", S3Settings()).put(uuid4(), 7, b"x")


def test_what_cannot_be_read_is_not_taken_for_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(files: MemoryFileSystem, path: str, *more: Any) -> None:
        raise PermissionError("said")

    store = ObjectFrameStore("memory://frames", S3Settings())
    for method in ("cat_file", "ls", "rm"):
        monkeypatch.setattr(MemoryFileSystem, method, fail)
    with pytest.raises(StoreUnavailable, match="frame 1 cannot be read"):
        store.get(uuid4(), 1)
    with pytest.raises(StoreUnavailable, match="cannot be listed"):
        list(store.video_ids())
    with pytest.raises(StoreUnavailable, match="cannot be listed"):
        store.delete_video(uuid4())
    with pytest.raises(StoreUnavailable, match="cannot be deleted"):
        store.delete(uuid4(), [1])


def test_what_speaks_to_a_store_may_be_missing() -> None:
    with pytest.raises(StoreUnavailable, match="install what speaks gs:// for fsspec"):
        ObjectFrameStore("gs://frames", S3Settings()).ping()


def test_what_is_no_frame_is_passed_over() -> None:
    root, video_id, files = f"frames/{uuid4()}", uuid4(), MemoryFileSystem()
    store = ObjectFrameStore(f"memory://{root}", S3Settings())
    store.put(video_id, 1, b"x")
    for path in ("notes/a", f"{video_id}/notes", f"{video_id}/000000/a.txt"):
        files.pipe_file(f"/{root}/{path}", b"")
    assert list(store.video_ids()) == [video_id]
    assert store.buckets(video_id) == [0]
    assert [frame.frame_number for frame in store.stored(video_id, 0)] == [1]
