"""Owns the body that lists live streams."""

from datetime import datetime
from typing import cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from api.examples import VIDEO, VIDEO_ID
from api.responses import VideoAnswer

EXAMPLE: dict[str, JsonValue] = {
    "items": [
        {
            "video": {**VIDEO, "source": "stream", "video_url": "rtsp://camera.example/yard", "connected": True,
                      "lag_seconds": 0.4, "keep": "newest", "gaps": []},
            "camera": "rtsp://camera.example/yard",
            "frames_per_second": 5.0,
            "newest": {"frame_number": 51, "captured_at": "2026-11-21T10:00:02Z", "media_time": 2.0,
                       "frame_url": f"/analysis/{VIDEO_ID}/frame/51", "counts": {"dog": 1, "person": 2}},
        }
    ],
    "more": False,
}  # fmt: skip


class NewestAnswer(BaseModel):
    """What was found in the newest frame whose picture can be asked for."""

    frame_number: int
    captured_at: datetime | None
    media_time: float
    frame_url: str | None = Field(description="null where no pictures are kept")
    counts: dict[str, int] = Field(description="findings by label; colours are left out")


class StreamAnswer(BaseModel):
    """A live stream that has not ended."""

    video: VideoAnswer
    camera: str | None = Field(description="its address, or its name where it is published")
    frames_per_second: float | None = Field(description="analysed in the last ten seconds; null before the first")
    newest: NewestAnswer | None


class StreamsAnswer(BaseModel):
    """The live streams that wait or run, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [cast(JsonValue, EXAMPLE)]})

    items: list[StreamAnswer] = Field(description="at most 100")
    more: bool = Field(description="whether there are more than are listed")
