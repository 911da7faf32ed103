"""Owns the plain form of outcomes, for rows of Spark and for JSON: dataclass to row and back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pipeline.contracts.results import AnalyzedFrame, Box, Detection, FrameResult, ResultStatus, TaskName

Row = dict[str, Any]


def analyzed_row(frame: AnalyzedFrame) -> Row:
    """An analysed frame as a row of the schema."""
    return {
        "video_id": str(frame.video_id),
        "attempt": frame.attempt,
        "frame_number": frame.frame_number,
        "media_time": frame.media_time,
        "captured_at": frame.captured_at.isoformat() if frame.captured_at else None,
        "worker": frame.worker,
        "started_at": frame.started_at.isoformat(),
        "finished_at": frame.finished_at.isoformat(),
        "error": frame.error,
        "results": [_result_row(result) for result in frame.results],
    }


def _result_row(result: FrameResult) -> Row:
    return {
        "task": result.task.value,
        "model": result.model,
        "model_digest": result.model_digest,
        "status": result.status.value,
        "error": result.error,
        "inference_ms": result.inference_ms,
        "detections": [_detection_row(d) for d in result.detections],
    }


def _detection_row(detection: Detection) -> Row:
    box = detection.box
    return {
        "label": detection.label,
        "confidence": detection.confidence,
        "box": {"x": box.x, "y": box.y, "width": box.width, "height": box.height} if box else None,
        "attributes": dict(detection.attributes),
    }


def analyzed_frame(row: Row) -> AnalyzedFrame:
    """The analysed frame of a row."""
    return AnalyzedFrame(
        UUID(row["video_id"]),
        row["attempt"],
        row["frame_number"],
        row["media_time"],
        datetime.fromisoformat(row["captured_at"]) if row["captured_at"] else None,
        row["worker"],
        datetime.fromisoformat(row["started_at"]),
        datetime.fromisoformat(row["finished_at"]),
        row["error"],
        tuple(_result(r) for r in row["results"]),
    )


def _result(row: Row) -> FrameResult:
    return FrameResult(
        TaskName(row["task"]),
        row["model"],
        row["model_digest"],
        ResultStatus(row["status"]),
        row["error"],
        row["inference_ms"],
        tuple(_detection(d) for d in row["detections"]),
    )


def _detection(row: Row) -> Detection:
    attributes: Mapping[str, float] = dict(row["attributes"] or {})
    return Detection(row["label"], row["confidence"], Box(**row["box"]) if row["box"] else None, attributes)
