"""Owns the plain form of outcomes, for JSON."""

from typing import Any

from pipeline.contracts.results import AnalyzedFrame, Detection, FrameResult

Row = dict[str, Any]


def analyzed_row(frame: AnalyzedFrame) -> Row:
    """An analysed frame in types that JSON has; times are ISO 8601."""
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
        **({"person_id": str(detection.person_id)} if detection.person_id else {}),
    }
