"""Owns the body that asks for an RTMP endpoint, and the one that is answered: the only time that the key is shown."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.examples import VIDEO_ID, Example
from api.requests import LiveOptions

KEY = "6b1f0c5e2f3a4d7c9e8b7a6d5c4f3e2a"
ENDPOINT: Example = {
    "video_id": VIDEO_ID,
    "server": "rtmp://127.0.0.1:1935/live",
    "stream_key": KEY,
    "rtmp_endpoint": f"rtmp://127.0.0.1:1935/live/{KEY}",
    "expires_at": "2026-11-21T11:00:00Z",
    "status_url": f"/analysis/{VIDEO_ID}",
    "results_url": f"/analysis/{VIDEO_ID}/results",
    "events_url": f"/analysis/{VIDEO_ID}/events",
    "live_url": f"/analysis/{VIDEO_ID}/live",
}


class RtmpRequest(LiveOptions):
    """Analyse a stream that somebody publishes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"modelsToRun": ["objects_detection"], "frameStep": "10", "videoName": "Stage, left"}]
        }
    )


class RtmpAnswer(BaseModel):
    """Where to publish. The key is shown this once; what is kept of it is a hash."""

    model_config = ConfigDict(json_schema_extra={"examples": [ENDPOINT]})

    video_id: UUID
    server: str = Field(description="what OBS and others call the server")
    stream_key: str = Field(description="opens this video alone, for one publisher at a time, until it has ended")
    rtmp_endpoint: str = Field(description="both in one address, as ffmpeg takes it")
    expires_at: datetime = Field(description="a publisher who has not come by then is not waited for")
    status_url: str
    results_url: str
    events_url: str = Field(description="results and states as server-sent events")
    live_url: str = Field(description="the newest analysed frames as a moving picture")
