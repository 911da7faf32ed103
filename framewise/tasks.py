"""Owns the short names of tasks, as people write them."""

from typing import Any

SHORT = {
    "objects": "objects_detection",
    "faces": "faces_detection",
    "emotions": "emotions_detection",
    "colors": "color_detection",
    "color": "color_detection",
    "identities": "faces_identification",
}


def task(name: str) -> str:
    """A task by its short or whole name."""
    return SHORT.get(name, name)


def task_of(word: str) -> str | dict[str, Any]:
    """`faces`, `faces_detection`, or with the least confidence `faces:0.9`. Raises ValueError."""
    name, _, least = word.partition(":")
    if not least:
        return task(name)
    try:
        return {"name": task(name), "minConfidence": float(least)}
    except ValueError:
        raise ValueError(f"{least!r} is not a number from 0 to 1") from None
