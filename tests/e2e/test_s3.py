"""The whole stack on S3: a real clip behind an s3:// address, its frames in a bucket, and nothing left of it."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from stack.trial import Trial, trial
from tests.aws import CREDENTIALS, REGION, Aws, serving_aws
from tests.e2e.service import Service

pytestmark = pytest.mark.slow  # a stack of its own
FACES = "faces_detection"


@pytest.fixture(scope="module")
def aws(media: Path) -> Iterator[Aws]:
    with serving_aws() as running:
        s3 = running.client("s3")
        for bucket in ("videos", "frames"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.upload_file(str(media / "video" / "carphone_face_qcif.mp4"), "videos", "2026/carphone face.mp4")
        yield running


@pytest.fixture(scope="module")
def stack(aws: Aws) -> Iterator[Trial]:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in CREDENTIALS.items():
            environment.setenv(name, value)
        environment.setenv("FRAMEWISE_S3_ENDPOINT", aws.url)
        environment.setenv("FRAMEWISE_S3_BUCKETS", "videos")
        environment.setenv("FRAMEWISE_FRAME_STORE", "s3://frames/kept")
        with trial(workers=1) as running:
            yield running


@pytest.fixture(scope="module")
def service(stack: Trial) -> Iterator[Service]:
    found = Service(stack.settings.api_url)
    yield found
    found.http.close()


def stored(aws: Aws) -> list[str]:
    """The keys in the bucket of frames."""
    return sorted(found["Key"] for found in aws.client("s3").list_objects_v2(Bucket="frames").get("Contents", []))


def test_a_clip_of_a_bucket_has_its_frames_in_a_bucket(service: Service, stack: Trial, aws: Aws) -> None:
    assert service.http.get("/readyz").json()["checks"]["frames"]["ok"]
    asked = {"videoURL": "s3://videos/2026/carphone face.mp4", "modelsToRun": [FACES], "frameStep": 10}
    answer = service.http.post("/analysis/start", json=asked)
    assert answer.status_code == 202, answer.text
    path = answer.json()["status_url"]
    video = service.completed(path)
    video_id = UUID(video["video_id"])
    numbers = sorted({row["frame_number"] for row in service.rows(path)})
    assert len(numbers) == video["frames"]["done"] > 3
    assert stored(aws) == [f"kept/{video_id}/000000/{number:09d}.jpg" for number in numbers]
    assert not (stack.settings.data_dir / "frames").exists()
    plain, drawn = (service.http.get(f"{path}/frame/1", params={"annotate": flag}) for flag in ("false", "true"))
    assert [answer.status_code for answer in (plain, drawn)] == [200, 200]
    assert plain.content != drawn.content

    again = service.http.post(f"{path}/rerun", json={"modelsToRun": ["color_detection"]})
    assert service.completed(again.json()["status_url"])["frames"]["expected"] == len(numbers)
    for gone in (path, again.json()["status_url"]):
        assert service.http.delete(gone).status_code == 204
    assert stored(aws) == []


def test_an_object_that_is_not_there_fails_with_its_reason(service: Service) -> None:
    answer = service.http.post("/analysis/start", json={"videoURL": "s3://videos/none.mp4", "modelsToRun": [FACES]})
    video = service.wait(answer.json()["status_url"])
    assert (video["status"], video["error"]["type"]) == ("failed", "source-unreachable")
    assert "there is no such object" in video["error"]["detail"]
    refused = service.http.post("/analysis/start", json={"videoURL": "s3://frames/kept/x.mp4"})
    assert (refused.status_code, refused.json()["type"]) == (422, "source-refused")
