"""Framewise from Python: submit videos, follow them, read what was found.

import framewise

with framewise.Client() as client:
    video = client.wait(client.upload("street.mp4", frame_step=10).video_id)
    for row in client.results(video.video_id, label="person"):
        print(row.media_time, row.detections)
"""

from framewise.answers import (
    Box,
    Camera,
    Detection,
    Endpoint,
    Event,
    FrameCounts,
    Gap,
    Model,
    Publish,
    Result,
    Stage,
    Video,
)
from framewise.client import Client
from framewise.errors import (
    Busy,
    Conflict,
    ExtraMissing,
    FramewiseError,
    Invalid,
    KeyRefused,
    NotFound,
    Problem,
    Refused,
    Unreachable,
    WaitTimeout,
)
from framewise.forgetting import Erasure, Seen
from framewise.insights import Comparison, Found, Insights, Summary
from framewise.people import Collection, Person, Photo
from framewise.retries import Retries
from framewise.submissions import Options
from framewise.tracks import Counts, Track

__version__ = "0.1.0"

__all__ = [
    "Box",
    "Busy",
    "Camera",
    "Client",
    "Collection",
    "Comparison",
    "Conflict",
    "Counts",
    "Detection",
    "Endpoint",
    "Erasure",
    "Event",
    "ExtraMissing",
    "Found",
    "FrameCounts",
    "FramewiseError",
    "Gap",
    "Insights",
    "Invalid",
    "KeyRefused",
    "Model",
    "NotFound",
    "Options",
    "Person",
    "Photo",
    "Problem",
    "Publish",
    "Refused",
    "Result",
    "Retries",
    "Seen",
    "Stage",
    "Summary",
    "Track",
    "Unreachable",
    "Video",
    "WaitTimeout",
]
