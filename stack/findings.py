"""Owns the summary of the demonstration: a line a label, and the frame with most in it."""

import colorsys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from rich import box
from rich.table import Table

MAIN_COLOURS = 3
HUES = ((20, "red"), (45, "orange"), (60, "yellow"), (170, "green"), (200, "cyan"), (260, "blue"), (330, "purple"))
COLOURS = "color_detection"


def colour_name(code: str) -> str:
    """A plain word for `#rrggbb`: lightness and saturation tell greys, the hue tells the rest."""
    red, green, blue = (int(code[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    if light < 0.12:
        return "black"
    if light > 0.9:
        return "white"
    if saturation < 0.15:
        return "grey"
    name = next((name for limit, name in HUES if hue * 360 < limit), "red")
    return "brown" if name == "orange" and light < 0.35 else name


@dataclass
class _Line:
    frames: int = 0
    first: float = 0.0
    last: float = 0.0
    highest: float = 0.0

    def add(self, at: float, confidence: float) -> None:
        self.first = at if self.frames == 0 else self.first
        self.frames, self.last, self.highest = self.frames + 1, at, max(self.highest, confidence)


@dataclass
class Findings:
    """Gathers result rows, in the order of their frames; memory grows with labels and frames found in only."""

    lines: dict[tuple[str, str, str], _Line] = field(default_factory=dict)
    boxes: Counter[int] = field(default_factory=Counter)

    def add(self, row: dict[str, Any]) -> None:
        """Count one row."""
        best: dict[str, float] = {}
        for detection in row["detections"][: MAIN_COLOURS if row["task"] == COLOURS else None]:
            label = colour_name(detection["label"]) if row["task"] == COLOURS else detection["label"]
            best[label] = max(best.get(label, 0.0), detection["confidence"])
            self.boxes[row["frame_number"]] += detection["box"] is not None
        for label, confidence in best.items():
            self.lines.setdefault((row["task"], label, row["model"]), _Line()).add(row["media_time"], confidence)

    @property
    def fullest_frame(self) -> int | None:
        """The number of the frame with the most boxes; the first of several."""
        return max(self.boxes, key=lambda number: (self.boxes[number], -number)) if self.boxes else None

    def table(self) -> Table:
        """Label, model, frames, first and last time (seconds) and highest confidence, a task after the other."""
        table = Table("task", "label", "model", box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for title in ("frames", "first", "last", "highest"):
            table.add_column(title, justify="right")
        seen = ""
        for (task, label, model), line in sorted(self.lines.items(), key=lambda i: (i[0][0], -i[1].frames, i[0][1])):
            if task != seen and seen:
                table.add_section()
            times = (f"{line.first:.1f} s", f"{line.last:.1f} s", f"{line.highest:.2f}")
            table.add_row(
                task.removesuffix("_detection") if task != seen else "", label, model, str(line.frames), *times
            )
            seen = task
        if not self.lines:
            table.add_row("", "nothing was found", "", "", "", "", "")
        return table
