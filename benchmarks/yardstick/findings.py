"""Owns what contenders find, and whether two of them found the same."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.contracts.results import FrameResult, ResultStatus

TOLERANCE = 0.01
"""Confidences of equal findings may be so far apart."""
Finding = tuple[str, str, float]
"""Task, label, confidence."""
Found = dict[str, list[Finding]]
"""What was found in each frame, by `key`."""


def key(clip: int, frame_number: int) -> str:
    """The name of a frame: which clip of the work, which frame of it (from 1)."""
    return f"{clip}/{frame_number}"


def findings(results: Iterable[FrameResult]) -> list[Finding]:
    """What models said of one frame; raises RuntimeError for one that failed, which no contender may pass over."""
    said = []
    for result in results:
        if result.status is not ResultStatus.OK:
            raise RuntimeError(f"{result.task} failed: {result.error}")
        said += [(result.task.value, d.label, d.confidence) for d in result.detections]
    return said


def differences(expected: Found, found: Found) -> list[str]:
    """In which frames something else was found, and what; empty when everything is equal."""
    said = []
    for name in sorted(expected.keys() | found.keys()):
        if name not in found or name not in expected:
            said.append(f"{name}: {'missing' if name not in found else 'nobody asked for it'}")
        elif not _equal(expected[name], found[name]):
            said.append(f"{name}: {_shown(found[name])} instead of {_shown(expected[name])}")
    return said


def _equal(one: Sequence[Finding], other: Sequence[Finding]) -> bool:
    return len(one) == len(other) and all(
        a[:2] == b[:2] and abs(a[2] - b[2]) < TOLERANCE for a, b in zip(sorted(one), sorted(other), strict=True)
    )


def _shown(said: Sequence[Finding]) -> str:
    return ", ".join(f"{label} {confidence:.3f}" for _, label, confidence in sorted(said)) or "nothing"


def write_found(path: Path, found: Found) -> None:
    """Keep what was found, whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(found), encoding="utf-8")
    part.replace(path)


def read_found(path: Path) -> Found:
    """What was kept."""
    rows: dict[str, list[list[str | float]]] = json.loads(path.read_text(encoding="utf-8"))
    return {name: [(str(f[0]), str(f[1]), float(f[2])) for f in said] for name, said in rows.items()}
