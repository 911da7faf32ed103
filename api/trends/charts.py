"""Owns the charts of insights, made by Bokeh: over time, by label, by camera or video, by weekday and hour.

Importing this takes a second: whoever answers other requests imports it when a chart is asked for.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from bokeh.models import (
    AdaptiveTicker,
    ColumnDataSource,
    DataRange1d,
    DatetimeTickFormatter,
    FactorRange,
    FixedTicker,
    HoverTool,
    NoOverlap,
    NumeralTickFormatter,
    Range1d,
)
from bokeh.palettes import Category20
from bokeh.plotting import figure
from bokeh.transform import linear_cmap

from api.trends.answers import InsightsAnswer
from api.trends.looks import Looks

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_BARS = 20
BAR_HEIGHT = 26
NAME_LENGTH = 32
MS = 1000
TASKS = {
    "faces_detection": "faces",
    "emotions_detection": "emotions",
    "color_detection": "colours",
    "faces_identification": "people",
}
PALETTE = tuple(Category20[20][i] for i in (0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 1, 3, 5))


def charts(answer: InsightsAnswer, looks: Looks) -> dict[str, figure]:
    """The charts by name, of an answer that has found something."""
    sources = [(one.camera, one.detections) for one in answer.by_camera]
    sources += [(one.video_name, one.detections) for one in answer.by_video if one.camera is None]
    labels = [(_name(one.task, one.label), one.detections) for one in answer.labels]
    return {
        "over_time": _over_time(answer, looks),
        "by_label": _bars(labels, looks),
        "by_camera": _bars(sorted(sources, key=lambda bar: -bar[1]), looks),
        "by_weekday_and_hour": _week(answer.by_weekday_and_hour, looks),
    }


def _name(task: str, label: str) -> str:
    """A label for people; with its task where that is not plain."""
    kind = TASKS.get(task)
    return f"{label} ({kind})" if kind else label


def _over_time(answer: InsightsAnswer, looks: Looks) -> figure:
    """Stacked columns, by the clocks of the answer's zone: Bokeh shows times as they are given."""
    zone = ZoneInfo(answer.timezone)
    at = [_as_shown(moment, zone) for moment in answer.steps]
    wide = _step_ms(at) * 0.9
    names = [_name(one.task, one.label) for one in answer.over_time]
    columns = {f"s{i}": one.detections for i, one in enumerate(answer.over_time)}
    if any(answer.others):
        names, columns = [*names, "others"], columns | {"others": answer.others}
    when = [f"{moment.astimezone(zone):%a %d %b %Y, %H:%M}" for moment in answer.steps]
    source = ColumnDataSource({"at": [ms + wide / 1.8 for ms in at], "when": when, **columns})
    chart = _figure(looks, height=280, x_axis_type="datetime", y_range=DataRange1d(start=0))
    drawn = chart.vbar_stack(
        list(columns),
        x="at",
        width=wide,
        source=source,
        color=list(PALETTE[: len(columns)]),
        line_color=None,
        legend_label=names,
    )
    for glyph, name, column in zip(drawn, names, columns, strict=True):
        chart.add_tools(HoverTool(renderers=[glyph], tooltips=[(name, f"@{column}"), ("from", "@when")]))
    _legend_below(chart, looks)
    chart.xaxis.formatter = DatetimeTickFormatter(hours="%H:%M", days="%d %b", months="%b %Y")
    chart.xaxis.major_label_policy = NoOverlap()
    chart.yaxis.ticker = AdaptiveTicker(min_interval=1, desired_num_ticks=5)
    return chart


def _as_shown(moment: datetime, zone: ZoneInfo) -> float:
    """The milliseconds at which UTC's clocks would show what the zone's clocks show."""
    offset = moment.astimezone(zone).utcoffset()
    return (moment.timestamp() + (offset.total_seconds() if offset else 0)) * MS


def _step_ms(at: Sequence[float]) -> float:
    return min((b - a for a, b in pairwise(at) if b > a), default=3_600_000.0)


def _bars(counts: Sequence[tuple[str | None, int]], looks: Looks) -> figure:
    """Lying bars, the longest on top."""
    shown = counts[:MOST_BARS]
    names = _distinct([name or "" for name, _ in shown])
    source = ColumnDataSource(
        {"name": names, "whole": [name or "" for name, _ in shown], "count": [count for _, count in shown]}
    )
    high, names_range = 60 + BAR_HEIGHT * max(2, len(shown)), FactorRange(factors=names[::-1])
    chart = _figure(looks, height=high, x_range=DataRange1d(start=0), y_range=names_range)
    chart.hbar(y="name", right="count", height=0.7, source=source, color=looks.accent)
    chart.add_tools(HoverTool(tooltips=[("what", "@whole"), ("detections", "@count{0,0}")]))
    chart.xaxis.formatter = NumeralTickFormatter(format="0,0")
    chart.xaxis.ticker = AdaptiveTicker(min_interval=1, desired_num_ticks=5)
    chart.xaxis.major_label_policy = NoOverlap()
    return chart


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, short enough for an axis; equal ones are numbered, since an axis has each once."""
    found: list[str] = []
    for name in names:
        short = name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH - 1]}…"
        again = sum(one == short or one.startswith(f"{short} · ") for one in found)
        found.append(f"{short} · {again + 1}" if again else short)
    return found


def _week(week: Sequence[Sequence[int]], looks: Looks) -> figure:
    """A heat map: weekdays down, hours of day across."""
    source = ColumnDataSource(
        {
            "weekday": [day for day in WEEKDAYS for _ in range(24)],
            "hour": list(range(24)) * 7,
            "count": [count for day in week for count in day],
        }
    )
    most = max(1, *(count for day in week for count in day))
    chart = _figure(
        looks, height=280, x_range=Range1d(start=-0.5, end=23.5), y_range=FactorRange(factors=list(WEEKDAYS[::-1]))
    )
    color = linear_cmap("count", list(looks.heat), 0, most)
    chart.rect(x="hour", y="weekday", width=0.94, height=0.9, source=source, fill_color=color, line_color=None)
    chart.add_tools(HoverTool(tooltips=[("when", "@weekday, @hour:00 to @hour:59"), ("detections", "@count{0,0}")]))
    chart.xaxis.axis_label = "hour of day"
    chart.xaxis.ticker = FixedTicker(ticks=list(range(0, 24, 3)))
    chart.grid.visible = False
    return chart


def _figure(looks: Looks, height: int, **options: Any) -> figure:
    """An empty chart as wide as its place, in the colours of the page."""
    chart = figure(height=height, sizing_mode="stretch_width", toolbar_location=None, tools="", **options)
    chart.background_fill_alpha = chart.border_fill_alpha = 0
    chart.outline_line_color = None
    chart.grid.grid_line_color = looks.line
    chart.axis.axis_line_color = chart.axis.major_tick_line_color = looks.line
    chart.axis.minor_tick_line_color = None
    chart.axis.major_label_text_color = chart.axis.axis_label_text_color = looks.text
    return chart


def _legend_below(chart: figure, looks: Looks) -> None:
    legend = chart.legend[0]
    chart.add_layout(legend, "below")
    legend.background_fill_alpha = 0
    legend.border_line_color = None
    legend.label_text_color = looks.text
    legend.ncols = 3
    legend.location = "top_left"
