"""Owns the picture of the report: each contender's share of the ceiling, with its range."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.yardstick.contender import CONTENDERS
from benchmarks.yardstick.records import Record
from benchmarks.yardstick.report import COLUMNS, NAMES
from benchmarks.yardstick.standings import Standings, by_work

COLORS = ("#1f6f8b", "#99c4d1", "#b5562f", "#e3b79b")
mpl.rcParams |= {"svg.hashsalt": "framewise", "svg.fonttype": "none"}  # the same picture from the same runs


def draw(records: Sequence[Record], path: Path) -> None:
    """Write the picture as SVG."""
    works = by_work(records)
    shown = [tasks for tasks in NAMES if any(work.startswith(f"{tasks}-") for work in works)]
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    for place, tasks in enumerate(shown, start=1):
        axes = figure.add_subplot(1, len(shown), place)
        _panel(axes, {column: works[name] for column in COLUMNS if (name := f"{tasks}-{column}") in works})
        axes.set_title(NAMES[tasks], fontsize=10)
        if place > 1:
            axes.set_yticklabels([])
    figure.savefig(path, format="svg", metadata={"Date": None})


def _panel(axes: Axes, known: Mapping[str, Standings]) -> None:
    names = list(CONTENDERS)
    height = 0.8 / len(known)
    for index, (column, standings) in enumerate(known.items()):
        there = [(row, s) for row, name in enumerate(names) if (s := standings.ratios(name, standings.ceiling))]
        axes.barh(
            [row + (index - (len(known) - 1) / 2) * height for row, _ in there],
            [spread.median for _, spread in there],
            height,
            xerr=[[s.median - s.least for _, s in there], [s.most - s.median for _, s in there]],
            color=COLORS[list(COLUMNS).index(column)],
            error_kw={"lw": 0.7},
            label=COLUMNS[column],
        )
    axes.set_yticks(range(len(names)), [CONTENDERS[name].title for name in names], fontsize=8)
    axes.invert_yaxis()
    axes.axvline(0.9, color="#888888", lw=0.8, ls=":")
    axes.set_xlabel("share of the faster bare program", fontsize=8)
    axes.tick_params(axis="x", labelsize=8)
    axes.legend(fontsize=7, loc="lower right")
