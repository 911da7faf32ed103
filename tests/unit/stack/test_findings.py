"""The summary of the demonstration."""

import re
from typing import Any

import pytest
from rich.console import Console

from stack.findings import Findings, colour_name


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("#f1391d", "red"),
        ("#d0103a", "red"),
        ("#ff9020", "orange"),
        ("#5b422e", "brown"),
        ("#e8d83a", "yellow"),
        ("#70783a", "green"),
        ("#1a8a3a", "green"),
        ("#20b8c8", "cyan"),
        ("#2040d0", "blue"),
        ("#9030c0", "purple"),
        ("#101010", "black"),
        ("#f8f8f8", "white"),
        ("#808488", "grey"),
    ],
)
def test_colours_have_plain_names(code: str, name: str) -> None:
    assert colour_name(code) == name


def row(number: int, task: str, *found: tuple[str, float]) -> dict[str, Any]:
    box = None if task == "color_detection" else {"x": 0, "y": 0, "width": 1, "height": 1}
    detections = [{"label": label, "confidence": confidence, "box": box} for label, confidence in found]
    return {"frame_number": number, "media_time": number / 10, "task": task, "model": "m", "detections": detections}


def shown(findings: Findings) -> list[list[str]]:
    console = Console(width=100, color_system=None)
    with console.capture() as captured:
        console.print(findings.table())
    lines = [line for line in captured.get().splitlines() if line.strip() and "─" not in line]
    return [re.split(r"\s{2,}", line.rstrip()) for line in lines[1:]]


def test_a_line_says_how_often_when_and_how_sure() -> None:
    findings = Findings()
    findings.add(row(1, "objects_detection", ("dog", 0.5), ("dog", 0.7)))
    findings.add(row(11, "objects_detection", ("cat", 0.4)))
    findings.add(row(21, "objects_detection", ("dog", 0.6)))
    assert shown(findings) == [
        ["objects", "dog", "m", "2", "0.1 s", "2.1 s", "0.70"],
        ["", "cat", "m", "1", "1.1 s", "1.1 s", "0.40"],
    ]
    assert findings.fullest_frame == 1


def test_colours_are_gathered_by_name() -> None:
    findings = Findings()
    findings.add(row(1, "color_detection", ("#f1391d", 0.5), ("#e02010", 0.3), ("#2040d0", 0.1), ("#1a8a3a", 0.05)))
    assert [line[1] for line in shown(findings)] == ["blue", "red"]
    assert findings.fullest_frame is None or findings.boxes[findings.fullest_frame] == 0


def test_nothing_is_a_finding_too() -> None:
    assert shown(Findings())[0][1] == "nothing was found"
