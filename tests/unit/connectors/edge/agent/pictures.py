"""Owns frames, findings and crops for the agent's tests."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from connectors.edge.agent.capturing import Captured
from connectors.edge.messages import Message
from inference.arrays import Image
from pipeline.contracts.results import Box, Detection

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def noise(height: int = 240, width: int = 320) -> Image:
    """A sharp picture of nothing."""
    return np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)


def face(x: float, score: float = 0.9, label: str = "face") -> Detection:
    """A finding that looks at the camera."""
    marks = {"right_eye_x": x + 0.05, "left_eye_x": x + 0.15, "nose_x": x + 0.1}
    return Detection(label, score, Box(x, 0.3, 0.2, 0.3), marks)


def frames(seconds: float, rate: float = 10.0) -> Iterator[Captured]:
    """Sharp frames from noon on."""
    image = noise()
    for number in range(round(seconds * rate)):
        yield Captured(image, NOON + timedelta(seconds=number / rate))


def message(size: int = 10) -> Message:
    """Something to send."""
    return Message("framewise/s/c/faces", b"\xff\xd8\xff" + bytes(size), (("schema", "1"),), "image/jpeg")
