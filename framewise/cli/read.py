"""Owns `list`, `results`, `frame`, `export` and `models`."""

import itertools
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from framewise.answers import Detection, Result, Video
from framewise.cli.options import Json, MinConfidence, TaskNames, VideoId, given, session, task_names
from framewise.cli.watch import counts

SHOWN_ROWS = 50
SHOWN_VIDEOS = 20

Label = Annotated[str | None, typer.Option("--label", help="findings with this label")]
Model = Annotated[str | None, typer.Option("--model", help="rows of this model")]
From = Annotated[float | None, typer.Option("--from", min=0, help="seconds of the video")]
To = Annotated[float | None, typer.Option("--to", min=0, help="seconds of the video")]
FrameFrom = Annotated[int | None, typer.Option("--frame-from", min=1)]
FrameTo = Annotated[int | None, typer.Option("--frame-to", min=1)]
Limit = Annotated[int | None, typer.Option("--limit", "-n", min=1, help="at most so many")]


def list_videos(
    context: typer.Context,
    status: Annotated[str | None, typer.Option("--status", help="instead of completed")] = None,
    tag: Annotated[str | None, typer.Option("--tag")] = None,
    external_id: Annotated[str | None, typer.Option("--external-id", help="your own name for it")] = None,
    limit: Limit = SHOWN_VIDEOS,
    as_json: Json = False,
) -> None:
    """List videos, newest first."""
    run = session(context)
    videos = run.client.videos(status, tag, external_id, limit)
    if as_json:
        run.output.json(videos)
        return
    run.output.table(("ID", "NAME", "STATUS", "CREATED", "FRAMES"), map(_video_row, videos))


def results(
    context: typer.Context,
    video_id: VideoId,
    task: TaskNames = None,
    model: Model = None,
    label: Label = None,
    min_confidence: MinConfidence = None,
    start: From = None,
    end: To = None,
    frame_from: FrameFrom = None,
    frame_to: FrameTo = None,
    limit: Limit = None,
    everything: Annotated[bool, typer.Option("--all", help="every row, not only the first 50")] = False,
    as_json: Json = False,
) -> None:
    """Show what was found, frame by frame: a table of the first rows, or all of them as JSON."""
    run = session(context)
    which = given(
        task=task_names(task),
        model=model,
        label=label,
        min_confidence=min_confidence,
        from_time=start,
        to_time=end,
        frame_from=frame_from,
        frame_to=frame_to,
    )
    rows = run.client.results(video_id, limit, **which)
    if as_json:
        run.output.json(rows)
        return
    shown = rows if everything or limit else itertools.islice(rows, SHOWN_ROWS)
    run.output.table(("TIME", "FRAME", "TASK", "MODEL", "FOUND"), map(_result_row, shown))
    if not (everything or limit) and next(rows, None) is not None:
        run.output.note(f"Only the first {SHOWN_ROWS} rows are shown; --all shows every row, --json for programs.")


def frame(
    context: typer.Context,
    video_id: VideoId,
    number: Annotated[int, typer.Argument(metavar="N", min=1, help="the frame's number in the video")],
    output: Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="- is standard output")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="without boxes and labels")] = False,
    task: TaskNames = None,
    min_confidence: MinConfidence = None,
    blur_faces: Annotated[bool, typer.Option("--blur-faces", help="with each face made unrecognisable")] = False,
) -> None:
    """Get a frame's picture with boxes and labels."""
    run = session(context)
    options: dict[str, Any] = {"annotate": not raw, "tasks": task_names(task), "min_confidence": min_confidence}
    jpeg = run.client.frame(video_id, number, blur="faces" if blur_faces else None, **options)
    if output == "-":
        sys.stdout.buffer.write(jpeg)
        return
    path = Path(output or f"{video_id}-frame-{number}.jpg")
    path.write_bytes(jpeg)
    run.output.say(str(path))


def export(
    context: typer.Context,
    video_id: VideoId,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="where to write it")],
    format_: Annotated[
        str | None, typer.Option("--format", "-f", help="json, csv, parquet or coco; by the file's ending if left out")
    ] = None,
    task: TaskNames = None,
    model: Model = None,
    label: Label = None,
    min_confidence: MinConfidence = None,
    start: From = None,
    end: To = None,
    frame_from: FrameFrom = None,
    frame_to: FrameTo = None,
) -> None:
    """Write all results of a video to a file."""
    which = given(
        task=task_names(task),
        model=model,
        label=label,
        min_confidence=min_confidence,
        from_time=start,
        to_time=end,
        frame_from=frame_from,
        frame_to=frame_to,
    )
    run = session(context)
    path = run.client.export(video_id, format_ or output.suffix.removeprefix(".") or "json", output, **which)
    run.output.say(f"{path}: {path.stat().st_size} bytes")


def models(context: typer.Context, as_json: Json = False) -> None:
    """List the model that each task uses."""
    run = session(context)
    found = run.client.models()
    if as_json:
        run.output.json(found)
        return
    run.output.table(
        ("TASK", "MODEL", "RUNTIME", "LABELS", "LEAST CONFIDENCE", "LICENCE"),
        [(m.task, m.model, m.runtime, len(m.labels), m.min_confidence, m.licence) for m in found],
    )


def _video_row(video: Video) -> tuple[object, ...]:
    return video.video_id, video.video_name, video.status, f"{video.created_at:%Y-%m-%d %H:%M:%S}", counts(video)


def _result_row(row: Result) -> tuple[object, ...]:
    found = ", ".join(map(_finding, row.detections)) if row.error is None else f"failed: {row.error}"
    return f"{row.media_time:.2f}", row.frame_number, row.task, row.model, found or None


def _finding(detection: Detection) -> str:
    return f"{detection.label} {detection.confidence:.2f}"
