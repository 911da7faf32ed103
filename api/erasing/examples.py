"""Owns the examples of the search by face and of erasures in the OpenAPI document."""

from api.examples import VIDEO_ID, Example

ERASURE_ID = "5e0f0b52-6f1c-4a3b-9a5e-7d2b1c9f4e10"
PERSON_ID = "c2a9f1de-3b0d-4a57-8f5e-2b6d7e1a9c44"
ERASURE: Example = {
    "erasure_id": ERASURE_ID,
    "state": "erased",
    "requested_at": "2026-11-21T10:00:00Z",
    "erased_at": "2026-11-21T10:00:31Z",
    "frames": "blur",
    "removed": {
        "people": 1,
        "photos": 2,
        "vectors": 2,
        "rows": 412,
        "frames_blurred": 430,
        "frames_deleted": 0,
        "track_vectors": 3,
        "raw_vectors": 0,
        "tracks": 3,
        "search_entries": 2,
    },
    "subjects": ["9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab"],
    "digest": "1f8a4f0f5a4dd2ec6d9b5b3b5a3c9f6f5b6f0e5e7c7e4d1b0c9a8b7c6d5e4f3a",
    "rounds": 3,
    "looks_again_at": "2026-11-21T10:02:00Z",
    "not_promised": ["copies that were made before: exports, webhooks, pictures that browsers have loaded"],
    "status_url": f"/people/erasures/{ERASURE_ID}",
}
FOUND: Example = {
    "items": [
        {
            "video_id": VIDEO_ID,
            "video_name": "Street, Monday",
            "track_id": "f51-1",
            "similarity": 0.62,
            "from": 2.0,
            "to": 7.5,
            "faces": 48,
            "best_frame": 101,
            "picture_url": f"/analysis/{VIDEO_ID}/tracks/f51-1/picture",
            "frame_url": f"/analysis/{VIDEO_ID}/frame/101",
        }
    ],
    "model": "b62d89d9e1401a2572e011e8691699f2432c1a6f56cda0dad7ddbdecacf1bbab",
    "threshold": 0.32,
    "next_offset": None,
}
