"""Objects of S3 as the address of a video."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.services import Services

URL = "s3://videos-1/2026/street.mp4"


def start(services: Services, url: str, *buckets: str) -> Any:
    allowed = replace(services, s3_buckets=buckets)
    with TestClient(create_app(allowed), base_url="http://127.0.0.1") as client:
        return client.post("/analysis/start", json={"videoURL": url})


def test_an_object_of_an_allowed_bucket_is_taken(services: Services) -> None:
    answer = start(services, f"{URL}?versionId=abc", "videos-*")
    assert answer.status_code == 202
    assert (answer.json()["video_name"], answer.json()["video_url"]) == ("street.mp4", f"{URL}?***")
    kept = services.videos.get(UUID(answer.json()["video_id"]))
    assert kept is not None
    assert kept.source_url == f"{URL}?versionId=abc"


@pytest.mark.parametrize(("buckets", "said"), [((), "s3:// is off here"), (("other",), "bucket videos-1 is not among")])
def test_other_buckets_are_refused_and_the_setting_is_named(
    services: Services, buckets: tuple[str, ...], said: str
) -> None:
    answer = start(services, URL, *buckets)
    assert (answer.status_code, answer.json()["type"]) == (422, "source-refused")
    assert said in answer.json()["detail"]
    assert "FRAMEWISE_S3_BUCKETS" in answer.json()["detail"]


@pytest.mark.parametrize("url", ["s3://videos-1", "s3://videos-1/a/../../b", "s3://x@videos-1/a", "S3://videos-1/a"])
def test_what_is_no_object_is_said(services: Services, url: str) -> None:
    answer = start(services, url, "*")
    assert answer.status_code == 422
    assert "videoURL" in str(answer.json())
