"""Owns the body that announces a camera, and the one that is answered: the video, and where to publish."""

from pydantic import BaseModel, ConfigDict, Field

from api.examples import VIDEO, VIDEO_ID, Example
from api.requests import LiveOptions
from api.responses import VideoAnswer

CAMERA_TAG = "camera:"
"""How the tag begins by which a camera's videos are found."""
MOST_TAG = 64
PUBLISH: Example = {
    "bootstrap": "127.0.0.1:9092",
    "topic": "captures",
    "key": VIDEO_ID.replace("-", ""),
    "headers": {"schema": "1", "video_id": VIDEO_ID},
}
CAMERA: Example = VIDEO | {
    "video_name": "Door",
    "video_url": None,
    "source": "stream",
    "status": "pending",
    "tags": ["camera:door"],
    "camera_id": "door",
    "publish": PUBLISH,
}


class CameraRequest(LiveOptions):
    """Analyse pictures that a camera elsewhere publishes to Kafka."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"cameraId": "door", "modelsToRun": ["objects_detection"], "videoName": "Door", "keep": "all"}]
        }
    )

    camera_id: str = Field(
        min_length=1,
        max_length=MOST_TAG - len(CAMERA_TAG),
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="your name of the camera; its videos have the tag `camera:NAME`",
    )


class PublishAnswer(BaseModel):
    """Where a camera's pictures go, and what each record must have beside its JPEG."""

    bootstrap: str = Field(description="the broker's address as cameras reach it (`FRAMEWISE_KAFKA_ADVERTISED`)")
    topic: str
    key: str = Field(description="of every record: these 16 bytes, here as hexadecimal digits")
    headers: dict[str, str] = Field(
        description="of every record; each has `captured_at` and `capture_id` too, and may have `label`"
    )


class CameraAnswer(VideoAnswer):
    """A video whose pictures are published by a camera, and where to."""

    model_config = ConfigDict(json_schema_extra={"examples": [CAMERA]})

    camera_id: str
    publish: PublishAnswer
