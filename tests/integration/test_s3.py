"""A video behind an s3:// address, by ingest's own code: fetched from a real S3 server, decoded, published."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.download import Downloader
from ingest.fetching import AnyFetcher
from ingest.halt import Halt
from ingest.job import VideoJob, Workbench
from ingest.s3 import S3Fetcher
from ingest.transfer import DownloadLimits
from pipeline.contracts.errors import SourceTooLarge, SourceUnreachable
from pipeline.contracts.settings import IngestSettings, S3Settings
from pipeline.contracts.videos import Sampling, Video
from pipeline.kafka.publishing import InMemoryPublisher
from pipeline.outbound.guard import SourceGuard
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.sources import SourceFolder
from tests.aws import CREDENTIALS, REGION, Aws, serving_aws
from tests.unit.factories import a_video
from tests.unit.ingest.media import number_in, numbered_video, picture

KEY = "2026/street camera, ö%20#1.mp4"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("media") / "clip.mp4"
    numbered_video(path, 30, 320, 192)
    return path


@pytest.fixture(scope="module")
def aws(clip: Path) -> Iterator[Aws]:
    with serving_aws() as running:
        s3 = running.client("s3")
        s3.create_bucket(Bucket="videos", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket="videos", VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket="videos", Key=KEY, Body=clip.read_bytes())
        yield running


@pytest.fixture
def fetcher(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[AnyFetcher]:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    limits = DownloadLimits(10_000_000, 30.0, pause=0.01)
    settings = S3Settings(s3_endpoint=aws.url, s3_buckets=("videos", "gone"))
    made = AnyFetcher(Downloader(SourceGuard(), limits), S3Fetcher(settings, limits))
    yield made
    made.close()


def work_on(video: Video, fetcher: AnyFetcher, folder: Path) -> tuple[InMemoryPublisher, InMemoryVideoStore]:
    """Run ingest's job for a video; what it published and wrote down."""
    publisher, videos = InMemoryPublisher(), InMemoryVideoStore()
    videos.create(video)
    bench = Workbench(
        videos, InMemoryResultStore(), publisher, SourceFolder(folder / "sources"), fetcher, IngestSettings()
    )
    VideoJob(bench, video, Halt()).run()
    return publisher, videos


def test_an_object_becomes_frames(aws: Aws, clip: Path, fetcher: AnyFetcher, tmp_path: Path) -> None:
    video = replace(a_video(sampling=Sampling(10)), source_url=f"s3://videos/{KEY}")
    publisher, videos = work_on(video, fetcher, tmp_path)
    assert [number_in(picture(frame.jpeg)) for frame in publisher.frames] == [1, 11, 21]
    assert videos.progress(video.video_id).sha256 == hashlib.sha256(clip.read_bytes()).hexdigest()
    kept = videos.get(video.video_id)
    assert kept is not None
    assert kept.frames_expected == 3


def test_a_version_is_fetched_as_it_was(aws: Aws, fetcher: AnyFetcher, tmp_path: Path) -> None:
    s3 = aws.client("s3")
    first = s3.put_object(Bucket="videos", Key="a.mp4", Body=b"first")["VersionId"]
    s3.put_object(Bucket="videos", Key="a.mp4", Body=b"second")
    fetcher.fetch(f"s3://videos/a.mp4?versionId={first}", tmp_path / "old", Halt())
    fetcher.fetch("s3://videos/a.mp4", tmp_path / "new", Halt())
    assert ((tmp_path / "old").read_bytes(), (tmp_path / "new").read_bytes()) == (b"first", b"second")


@pytest.mark.parametrize(
    ("url", "said"), [("s3://videos/none.mp4", "there is no such object"), ("s3://gone/a.mp4", "no such bucket")]
)
def test_what_is_not_there_is_said(fetcher: AnyFetcher, tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises(SourceUnreachable, match=said):
        fetcher.fetch(url, tmp_path / "source", Halt())
    assert list(tmp_path.iterdir()) == []


def test_an_object_beyond_the_cap_is_left(aws: Aws, fetcher: AnyFetcher, tmp_path: Path) -> None:
    aws.client("s3").put_object(Bucket="videos", Key="large.mp4", Body=bytes(10_000_001))
    with pytest.raises(SourceTooLarge):
        fetcher.fetch("s3://videos/large.mp4", tmp_path / "source", Halt())
    assert list(tmp_path.iterdir()) == []
