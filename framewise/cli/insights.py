"""Owns `summary`, `failures`, `search` and `compare`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from framewise.cli.options import Json, MinConfidence, TaskNames, VideoId, given, session, task_names
from framewise.cli.read import From, Label, Limit, Model, To
from framewise.insights import Comparison, Failure, Found, Summary
from framewise.tasks import task

Gap = Annotated[float | None, typer.Option("--gap", min=0, help="seconds without a label that do not end its segment")]
Since = Annotated[datetime | None, typer.Option("--since", help="videos submitted then or later, in UTC")]
Until = Annotated[datetime | None, typer.Option("--until", help="videos submitted until then, in UTC")]


def summary(
    context: typer.Context,
    video_id: VideoId,
    task_name: TaskNames = None,
    label: Label = None,
    min_confidence: MinConfidence = None,
    start: From = None,
    end: To = None,
    gap: Gap = None,
    as_json: Json = False,
) -> None:
    """Show what was found in a video, label by label, and its main colours."""
    run = session(context)
    which = given(
        task=task_names(task_name), label=label, min_confidence=min_confidence, **{"from": start, "to": end}, gap=gap
    )
    found = run.client.summary(video_id, **which)
    if as_json:
        run.output.json(found)
        return
    run.output.table(("TASK", "LABEL", "FRAMES", "FIRST", "LAST", "SECONDS", "SUREST", "MOST AT ONCE"), _labels(found))
    for color in found.colors:
        run.output.note(f"{color.color}  {color.share:.0%} of the picture, in {color.frames} frames")
    if not found.complete:
        run.output.note("The analysis goes on, or some frames are not counted yet.", "yellow")


def failures(context: typer.Context, video_id: VideoId, limit: Limit = None, as_json: Json = False) -> None:
    """Show which frames failed, and why."""
    run = session(context)
    found = run.client.failures(video_id, limit)
    if as_json:
        run.output.json(found)
        return
    run.output.table(("TIME", "FRAME", "FAILED", "REASON"), map(_failure, found))


def _failure(found: Failure) -> tuple[str, ...]:
    failed = ", ".join(found.tasks) or "the whole frame"
    return f"{found.media_time:.2f}", str(found.frame_number), failed, found.reason or "no reason was recorded"


def search(
    context: typer.Context,
    label: Annotated[str | None, typer.Argument(help="such as dog")] = None,
    task_name: Annotated[str | None, typer.Option("--task", help="objects, faces, emotions or colors")] = None,
    model: Model = None,
    min_confidence: MinConfidence = None,
    since: Since = None,
    until: Until = None,
    tag: Annotated[str | None, typer.Option("--tag")] = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """Find videos by what is in them, newest first."""
    run = session(context)
    found = run.client.search(
        label,
        limit,
        task=task(task_name) if task_name else None,
        model=model,
        min_confidence=min_confidence,
        since=since,
        until=until,
        tag=tag,
    )
    if as_json:
        run.output.json(found)
        return
    run.output.table(("ID", "NAME", "LABEL", "FRAMES", "FIRST", "LAST", "SUREST"), map(_found, found))


def compare(
    context: typer.Context,
    video_id: VideoId,
    other_id: Annotated[UUID, typer.Argument(metavar="OTHER", help="the id of the other video")],
    as_json: Json = False,
) -> None:
    """Show what changed from one analysis to another, such as a video and its rerun."""
    run = session(context)
    found = run.client.compare(video_id, other_id)
    if as_json:
        run.output.json(found)
        return
    if not found.same_source:
        run.output.note("The videos come from different sources: equal numbers are not equal pictures.", "yellow")
    run.output.table(("TASK", "LABEL", "IN BOTH", "ONLY BEFORE", "ONLY AFTER", "CONFIDENCE"), _changes(found))


def _labels(found: Summary) -> Iterator[tuple[object, ...]]:
    for part in found.tasks:
        for one in part.labels:
            when = (f"{one.first_media_time:.2f}", f"{one.last_media_time:.2f}", f"{one.dwell_seconds:.2f}")
            yield part.task, one.label, one.frames, *when, f"{one.max_confidence:.2f}", one.most_at_once


def _found(one: Found) -> tuple[object, ...]:
    when = (f"{one.first_media_time:.2f}", f"{one.last_media_time:.2f}")
    return one.video_id, one.video_name, one.label, one.frames, *when, f"{one.max_confidence:.2f}"


def _changes(found: Comparison) -> Iterator[tuple[object, ...]]:
    for part in found.tasks:
        for one in part.labels:
            change = None if one.mean_confidence_change is None else f"{one.mean_confidence_change:+.2f}"
            yield part.task, one.label, one.in_both.frames, one.only_in_a.frames, one.only_in_b.frames, change
