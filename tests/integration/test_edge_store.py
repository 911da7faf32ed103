"""Pictures of the edge in a bucket of S3."""

import uuid
from collections.abc import Iterator

import pytest

from connectors.edge.processor.objects import ObjectPlace
from connectors.edge.processor.place import Kept
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import S3Settings
from tests.aws import CREDENTIALS, REGION, Aws, serving_aws

pytestmark = pytest.mark.slow
FOLDER, STEM = "yard/gate/2026-11-20", "2026-11-20T10-00-00.000001Z_7"


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with serving_aws() as running:
        yield running


@pytest.fixture
def s3(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> S3Settings:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return S3Settings(s3_endpoint=aws.url)


@pytest.fixture
def bucket(aws: Aws) -> str:
    name = f"b{uuid.uuid4().hex[:8]}"
    aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def test_pictures_are_objects_each_once_and_none_over_another(aws: Aws, s3: S3Settings, bucket: str) -> None:
    place = ObjectPlace(f"s3://{bucket}/edge", s3)
    assert place.keep(FOLDER, STEM, ".jpg", b"one") == Kept(f"{FOLDER}/{STEM}.jpg", repeated=False)
    assert place.keep(FOLDER, STEM, ".jpg", b"one").repeated
    other = place.keep(FOLDER, STEM, ".jpg", b"two")
    assert place.find(FOLDER, "_7") == STEM
    assert place.find("yard/gate/2026-11-21", "_7") is None
    found = aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert {entry["Key"] for entry in found} == {f"edge/{FOLDER}/{STEM}.jpg", f"edge/{other.path}"}


def test_a_bucket_that_is_not_there_or_does_not_answer_is_said(s3: S3Settings) -> None:
    with pytest.raises(StoreUnavailable, match="s3://no-such-bucket"):
        ObjectPlace("s3://no-such-bucket/edge", s3).keep(FOLDER, STEM, ".jpg", b"one")
    away = S3Settings(s3_endpoint="http://127.0.0.1:9")
    with pytest.raises(StoreUnavailable, match="cannot be kept in s3://bucket"):
        ObjectPlace("s3://bucket", away).keep(FOLDER, STEM, ".jpg", b"one")
