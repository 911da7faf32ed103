"""Makes what tests of the door speak of: videos and rows as the service answers them, messages and a plan."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from connectors.aws.detectors import detectors
from connectors.aws.job import Place
from connectors.aws.worker import Plan
from framewise.answers import Box, Detection, Result, Video
from framewise.errors import Problem

T0 = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BOTH = detectors([["HumanDetector", {"min_detection_score": 0.4, "max_batch_size": 5}], ["FaceDetector", {}]])
BUCKET = "results"
STEP = "human_detection"


def plan(**more: Any) -> Plan:
    return Plan(STEP, BOTH, 0.2, BUCKET, **more)


def a_place(key: str = "street.mp4") -> Place:
    return Place("videos", key)


def body(video_id: Any = 5, key: str = "street.mp4") -> str:
    return json.dumps({"VideoId": video_id, "s3": {"bucket": "videos", "key": key}})


def completed(**more: Any) -> Video:
    known = {"video_name": "street.mp4", "source": "url", "status": "completed", "created_at": T0, "fps": 25.0}
    return Video.model_validate({"video_id": str(uuid4()), "codec": "h264", **known, **more})


def failed(kind: str = "media-unreadable", detail: str = "the file has no video stream") -> Video:
    return completed(status="failed", error=Problem(type=kind, title="The file cannot be read", detail=detail))


def row(number: int, task: str, *found: Detection, error: str | None = None) -> Result:
    return Result(
        video_id="v",
        frame_number=number,
        media_time=(number - 1) / 25,
        task=task,
        model="m",
        status="failed" if error else "ok",
        error=error,
        detections=list(found),
    )


def person(confidence: float = 0.75, label: str = "person") -> Detection:
    return Detection(label=label, confidence=confidence, box=Box(x=0.1, y=0.2, width=0.3, height=0.4))
