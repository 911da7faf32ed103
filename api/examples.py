"""Owns the examples of answers in the OpenAPI document; a test holds them against the bodies that they stand for."""

from pydantic import JsonValue

VIDEO_ID = "0b7a3c7e-9f51-4b0e-8a55-3c1f6f0e2a11"

Example = dict[str, JsonValue]

VIDEO: Example = {
    "video_id": VIDEO_ID,
    "video_name": "Street, Monday",
    "video_url": "https://example.com/street.mp4",
    "source": "url",
    "status": "processing",
    "models_to_run": [{"name": "objects_detection", "min_confidence": 0.6, "max_batch_size": None}],
    "frame_step": 10,
    "frame_ratio": None,
    "sample_seconds": None,
    "start_time": None,
    "end_time": None,
    "created_at": "2026-11-21T10:00:00Z",
    "started_at": "2026-11-21T10:00:01Z",
    "finished_at": None,
    "duration": 61.5,
    "fps": 25.0,
    "width": 1280,
    "height": 720,
    "codec": "h264",
    "frames": {"expected": 154, "published": 154, "done": 92, "failed": 0, "dropped": 0},
    "missing": [],
    "warnings": [],
    "stages": [
        {
            "name": "downloading",
            "state": "done",
            "started_at": "2026-11-21T10:00:01Z",
            "finished_at": "2026-11-21T10:00:03Z",
        },
        {"name": "analysing", "state": "running", "started_at": "2026-11-21T10:00:04Z", "finished_at": None},
    ],
    "progress": 0.597,
    "rate": 12.4,
    "position": None,
    "eta_seconds": 5.0,
    "error": None,
    "parent_id": None,
    "tags": ["street"],
    "external_id": "camera-7/monday",
    "callback_url": None,
    "store_frames": "full",
    "identification": None,
    "attempt": 1,
    "keep": None,
    "connected": None,
    "lag_seconds": None,
    "gaps": [],
    "status_url": f"/analysis/{VIDEO_ID}",
    "results_url": f"/analysis/{VIDEO_ID}/results",
}
RESULT: Example = {
    "video_id": VIDEO_ID,
    "frame_number": 51,
    "media_time": 2.0,
    "captured_at": None,
    "task": "objects_detection",
    "model": "yolox_nano",
    "model_digest": "c789161b3f2c7d36a1d6b8b8a1f2c4f0c4d0e9b0f2e5a4d1b7a9c3e8f6d2b1a0",
    "status": "ok",
    "error": None,
    "inference_ms": 21.4,
    "worker": "host-4711",
    "frame_url": f"/analysis/{VIDEO_ID}/frame/51",
    "detections": [
        {
            "label": "dog",
            "confidence": 0.94,
            "box": {"x": 0.41, "y": 0.37, "width": 0.22, "height": 0.48},
            "attributes": {},
        }
    ],
}
VIDEOS: Example = {"items": [VIDEO], "next_cursor": None}
RESULTS: Example = {"items": [RESULT], "next_cursor": None, "complete": False}
MODELS: Example = {
    "items": [
        {
            "task": "objects_detection",
            "model": "yolox_nano",
            "digest": "c789161b3f2c7d36a1d6b8b8a1f2c4f0c4d0e9b0f2e5a4d1b7a9c3e8f6d2b1a0",
            "runtime": "onnx",
            "labels": ["person", "bicycle", "car"],
            "licence": "Apache-2.0",
            "min_confidence": 0.3,
            "loaded_at": "2026-11-21T09:59:00Z",
        }
    ]
}
HEALTH: Example = {"status": "ok"}
READY: Example = {"status": "ready", "checks": {"cassandra": {"ok": True, "detail": "5.0.5"}}}
