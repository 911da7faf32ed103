"""Owns the examples of tracks and counts in the OpenAPI document."""

from pydantic import JsonValue

from api.examples import VIDEO_ID, Example

BOX: Example = {"x": 0.41, "y": 0.37, "width": 0.08, "height": 0.21}
TRACK: Example = {
    "video_id": VIDEO_ID,
    "track_id": "o51-2",
    "task": "objects_detection",
    "label": "person",
    "share": 0.97,
    "confidence": 0.94,
    "frames": 112,
    "first_frame": 51,
    "last_frame": 171,
    "first_time": 2.0,
    "last_time": 6.8,
    "dwell_seconds": 4.8,
    "ended": True,
    "person": None,
    "emotion": None,
    "attributes": {},
    "path": [{"media_time": 2.0, "x": 0.45, "y": 0.58}, {"media_time": 6.8, "x": 0.72, "y": 0.61}],
    "best": {"frame_number": 93, "media_time": 3.68, "box": BOX, "quality": 0.71},
    "picture_url": f"/analysis/{VIDEO_ID}/tracks/o51-2/picture",
}
TRACKS: Example = {"items": [TRACK], "next_cursor": None, "complete": True, "through_time": 61.5}
POINTED: Example = {**TRACK, "points": [{"frame_number": 51, "media_time": 2.0, "box": BOX}], "thinned": False}
LINE: dict[str, JsonValue] = {"name": "door", "points": [[0.2, 0.6], [0.8, 0.6]]}
ZONE: dict[str, JsonValue] = {"name": "queue", "points": [[0.1, 0.5], [0.5, 0.5], [0.5, 1.0], [0.1, 1.0]]}
REGIONS: Example = {"lines": [LINE], "zones": [ZONE]}
COUNTS: Example = {
    "video_id": VIDEO_ID,
    "complete": True,
    "through_time": 61.5,
    "step": 30.0,
    "lines": [
        {
            **LINE,
            "in": 7,
            "out": 4,
            "by_label": [{"label": "person", "in": 7, "out": 4}],
            "over_time": [{"from": 0.0, "to": 30.0, "in": 3, "out": 1}, {"from": 30.0, "to": 60.0, "in": 4, "out": 3}],
        }
    ],
    "zones": [
        {
            **ZONE,
            "visits": 9,
            "tracks": 8,
            "inside": 1,
            "most_at_once": 4,
            "dwell": {"total": 212.5, "mean": 23.6, "longest": 51.0},
            "by_label": [{"label": "person", "visits": 9, "tracks": 8, "dwell": {"total": 212.5, "mean": 23.6,
                                                                                 "longest": 51.0}}],
            "over_time": [{"from": 0.0, "to": 30.0, "mean": 3.1, "most": 4},
                          {"from": 30.0, "to": 60.0, "mean": 2.4, "most": 3}],
        }
    ],
}  # fmt: skip
