"""Owns `insights` and `report`: what was found over all videos, as a table and as one file with charts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from framewise.cli.options import Json, MinConfidence, TaskNames, given, session, task_names
from framewise.cli.read import Model
from framewise.insights import Insights

Since = Annotated[datetime | None, typer.Option("--since", help="seen then or later, in UTC")]
Until = Annotated[datetime | None, typer.Option("--until", help="seen until then, in UTC")]
Days = Annotated[float | None, typer.Option("--days", min=0.0001, help="the last so many days; 7 if nothing is said")]
StepName = Annotated[str | None, typer.Option("--step", help="minute, quarter, hour or day; what fits if left out")]
Zone = Annotated[str | None, typer.Option("--timezone", help="whose days and hours, such as Europe/Berlin; else UTC")]
Labels = Annotated[list[str] | None, typer.Option("--label", help="these labels; may be repeated")]
Videos = Annotated[list[str] | None, typer.Option("--video", metavar="ID", help="these videos; may be repeated")]
Live = Annotated[bool | None, typer.Option("--live/--files", help="live streams alone, or files alone")]
TagName = Annotated[str | None, typer.Option("--tag", help="videos with this tag")]


def report(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="where to write it")] = Path("report.html"),
    since: Since = None,
    until: Until = None,
    days: Days = None,
    step: StepName = None,
    timezone: Zone = None,
    label: Labels = None,
    task_name: TaskNames = None,
    model: Model = None,
    min_confidence: MinConfidence = None,
    tag: TagName = None,
    video: Videos = None,
    live: Live = None,
) -> None:
    """Write what was found over all videos to one HTML file with charts, to keep or to send."""
    which = _which(since, until, days, timezone, task_name)
    which |= given(
        step=step, label=label, model=model, min_confidence=min_confidence, tag=tag, video_id=video, live=live
    )
    run = session(context)
    path = run.client.report(out, **which)
    run.output.say(f"{path}: {path.stat().st_size} bytes")


def show(
    context: typer.Context,
    since: Since = None,
    until: Until = None,
    days: Days = None,
    step: StepName = None,
    timezone: Zone = None,
    label: Labels = None,
    task_name: TaskNames = None,
    model: Model = None,
    min_confidence: MinConfidence = None,
    tag: TagName = None,
    video: Videos = None,
    live: Live = None,
    as_json: Json = False,
) -> None:
    """Show what was found over all videos in a span of time, label by label."""
    which = _which(since, until, days, timezone, task_name)
    which |= given(
        step=step, label=label, model=model, min_confidence=min_confidence, tag=tag, video_id=video, live=live
    )
    run = session(context)
    found = run.client.insights(**which)
    if as_json:
        run.output.json(found)
        return
    run.output.table(("TASK", "LABEL", "DETECTIONS", "FRAMES", "VIDEOS", "SUREST", "FIRST", "LAST"), _labels(found))
    if not found.complete:
        run.output.note("Not everything is counted yet.", "yellow")


def _which(
    since: datetime | None, until: datetime | None, days: float | None, timezone: str | None, tasks: list[str] | None
) -> dict[str, Any]:
    """The span and the tasks as the service takes them."""
    if days is not None and since is not None:
        raise typer.BadParameter("--days and --since say the same in two ways; give one", param_hint="--days")
    end = until.replace(tzinfo=UTC) if until else None
    start = since.replace(tzinfo=UTC) if since else None
    if days is not None:
        start = (end or datetime.now(UTC)) - timedelta(days=days)
    return given(
        **{"from": start and start.isoformat(), "to": end and end.isoformat()},
        timezone=timezone,
        task=task_names(tasks),
    )


def _labels(found: Insights) -> Iterator[tuple[object, ...]]:
    for one in found.labels:
        when = tuple(f"{at:%Y-%m-%d %H:%M:%S}" for at in (one.first_at, one.last_at))
        yield one.task, one.label, one.detections, one.frames, one.videos, f"{one.max_confidence:.2f}", *when
