"""The address of an object, and which buckets may be asked."""

import pytest
from pydantic import ValidationError

from pipeline.contracts.s3 import S3Object, is_allowed, is_s3
from pipeline.contracts.settings import PathSettings, S3Settings
from pipeline.stores.frame_store import open_frame_store
from pipeline.stores.frames import FolderFrameStore
from pipeline.stores.object_frames import ObjectFrameStore


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("s3://videos/a.mp4", S3Object("videos", "a.mp4")),
        ("s3://my.videos-1/2026/a b%20c#d.mp4", S3Object("my.videos-1", "2026/a b%20c#d.mp4")),
        ("s3://videos/a.mp4?versionId=3sL4.kq_J-x", S3Object("videos", "a.mp4", "3sL4.kq_J-x")),
        ("s3://videos/what?.mp4", S3Object("videos", "what?.mp4")),
        ("s3://videos//a//b", S3Object("videos", "/a//b")),
        ("s3://videos/Größe\u202fPM.mov", S3Object("videos", "Größe\u202fPM.mov")),
    ],
)
def test_an_address_names_an_object(url: str, expected: S3Object) -> None:
    assert is_s3(url)
    assert S3Object.parse(url) == expected
    assert str(expected) == url


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("S3://videos/a.mp4", "the form s3://"),
        ("s3://videos", "the form s3://"),
        ("s3://videos/", "not a folder"),
        ("s3://videos/folder/", "not a folder"),
        ("s3://key:secret@videos/a.mp4", "names no bucket"),
        ("s3://Videos/a.mp4", "names no bucket"),
        ("s3:///a.mp4", "names no bucket"),
        ("s3://videos/../other/a.mp4", "`.` or `..`"),
        ("s3://videos/a/./b.mp4", "`.` or `..`"),
        ("s3://videos/a\nb.mp4", "control characters"),
        ("s3://videos/\ud800.mp4", "control characters or lone"),
        ("s3://videos/" + "ö" * 513, "1024 bytes"),
    ],
)
def test_what_is_no_address_is_said(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        S3Object.parse(url)


def test_buckets_are_allowed_by_name_and_by_beginning() -> None:
    allowed = S3Settings(s3_buckets="videos, team-*").s3_buckets
    assert [is_allowed(b, allowed) for b in ("videos", "videos2", "team-a", "team", "other")] == [
        *(True, False, True, False, False)
    ]
    assert not is_allowed("videos", ())
    assert is_allowed("any", ("*",))


@pytest.mark.parametrize("endpoint", ["ftp://a", "http://key:secret@minio:9000", "minio:9000", "http://a b"])
def test_an_endpoint_is_an_address_without_keys(endpoint: str) -> None:
    with pytest.raises(ValidationError):
        S3Settings(s3_endpoint=endpoint)


def test_frames_are_kept_where_the_setting_says() -> None:
    folder = open_frame_store(PathSettings(frame_store=""), S3Settings())
    assert isinstance(folder, FolderFrameStore)
    assert PathSettings(frame_store="/srv/frames").frames_dir.as_posix() == "/srv/frames"
    assert isinstance(open_frame_store(PathSettings(frame_store="s3://frames/here"), S3Settings()), ObjectFrameStore)


@pytest.mark.parametrize("url", ["sftp://host/frames", "s3://", "s3://key:secret@frames/here", "file:///frames"])
def test_a_store_that_keeps_no_promise_is_refused(url: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        PathSettings(frame_store=url)
    assert "secret" not in str(wrong.value.errors()[0]["msg"])
