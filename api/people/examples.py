"""Owns the examples of people and collections in the OpenAPI document."""

from api.examples import VIDEO_ID, Example

PERSON_ID = "c2a9f1de-3b0d-4a57-8f5e-2b6d7e1a9c44"
PHOTO_ID = "7f1c1c7a-0c0e-4a53-9d0b-1f1f4c7a2b10"
COLLECTION: Example = {
    "name": "default",
    "purpose": "who is in our meeting room",
    "created_at": "2026-11-21T10:00:00Z",
    "retention_days": 365,
    "keep_photos": True,
    "people": 12,
}
COLLECTIONS: Example = {"items": [COLLECTION]}
PHOTO: Example = {
    "photo_id": PHOTO_ID,
    "added_at": "2026-11-21T10:05:00Z",
    "face_size": 212,
    "sharpness": 0.31,
    "frontality": 0.94,
    "models": ["6245ff7a1c9c4c1f0f0bb6c3b7a1d9e8f6d2b1a0c789161b3f2c7d36a1d6b8b8"],
    "picture_url": f"/people/{PERSON_ID}/photos/{PHOTO_ID}",
    "source": {
        "video_id": VIDEO_ID,
        "frame_number": 51,
        "box": {"x": 0.41, "y": 0.17, "width": 0.12, "height": 0.28},
    },
}
PERSON: Example = {
    "person_id": PERSON_ID,
    "name": "Grace Hopper",
    "collection": "default",
    "created_at": "2026-11-21T10:05:00Z",
    "photos": [PHOTO],
}
PEOPLE: Example = {"items": [PERSON], "next_cursor": None}
LEARNT: Example = {"embedded": 24, "remaining": 0, "without_picture": 1, "failed": 0}
