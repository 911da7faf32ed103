"""Owns `watch` and `live`: following a video until it has ended, by its progress or by its events."""

from typing import Annotated, Any
from uuid import UUID

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from framewise.answers import Event, Video
from framewise.cli.options import Json, Session, VideoId, session
from framewise.cli.output import plain
from framewise.errors import WaitTimeout

INTERRUPTED = 130
SAID_EVERY = 0.1
"""Of the progress, where no bar can be drawn."""

Timeout = Annotated[float | None, typer.Option("--timeout", min=0, help="give up watching after so many seconds")]


def watch(context: typer.Context, video_id: VideoId, timeout: Timeout = None, as_json: Json = False) -> None:
    """Follow an analysis until it has ended. Ctrl-C stops the watching, not the analysis."""
    if follow(session(context), video_id, as_json, timeout).status != "completed":
        raise typer.Exit(1)


def live(
    context: typer.Context,
    video_id: VideoId,
    after: Annotated[str | None, typer.Option("--after", help="the id of the last event that you have")] = None,
    previews: Annotated[bool, typer.Option("--previews", help="results as soon as a worker has them")] = False,
    as_json: Json = False,
) -> None:
    """Show results as they come, until the analysis has ended."""
    run = session(context)
    try:
        for event in run.client.events(video_id, after, previews):
            if as_json:
                run.output.json(event)
            else:
                run.output.say(_line(event))
            run.output.out.file.flush()
    except KeyboardInterrupt:
        raise _left(run, video_id) from None


def follow(run: Session, video_id: UUID | str, as_json: bool, timeout: float | None = None) -> Video:
    """The video once it has ended, with its progress shown; says why when it failed."""
    try:
        video = _with_bar(run, video_id, timeout) if run.output.watched else _with_lines(run, video_id, timeout)
    except KeyboardInterrupt:
        raise _left(run, video_id) from None
    except WaitTimeout as e:
        run.output.note(str(e), "yellow")
        raise typer.Exit(1) from None
    _conclude(run, video, as_json)
    return video


def _with_bar(run: Session, video_id: UUID | str, timeout: float | None) -> Video:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[counts]}"), TimeElapsedColumn())
    with Progress(*columns, console=run.output.out) as bar:
        shown = bar.add_task("asking", total=1.0, counts="")
        return run.client.wait(video_id, timeout, lambda video: _draw(bar, shown, video))


def _draw(bar: Progress, shown: TaskID, video: Video) -> None:
    bar.update(shown, description=stage(video), completed=video.progress or 0, counts=counts(video))


def _with_lines(run: Session, video_id: UUID | str, timeout: float | None) -> Video:
    """A line beside the output for each stage and each tenth."""
    said: list[tuple[str, int]] = []

    def say(video: Video) -> None:
        place = (stage(video), int((video.progress or 0) / SAID_EVERY))
        if place not in said:
            said.append(place)
            run.output.note(f"{stage(video)}  {counts(video)}")

    return run.client.wait(video_id, timeout, say)


def stage(video: Video) -> str:
    """What is done at present."""
    if video.position is not None and video.status == "pending":
        return f"number {video.position} in the queue"
    running = [part.name for part in video.stages if part.state == "running"]
    return plain(running[-1] if running and not video.ended else video.status)


def counts(video: Video) -> str:
    """How many frames, how fast and how long still."""
    frames = video.frames
    parts = [f"{frames.done + frames.failed} of {'?' if frames.expected is None else frames.expected} frames"]
    if video.rate and not video.ended:
        parts.append(f"{video.rate:.1f} frames/s")
    if video.eta_seconds is not None and not video.ended:
        parts.append(f"{_duration(video.eta_seconds)} left")
    return ", ".join(parts)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _conclude(run: Session, video: Video, as_json: bool) -> None:
    for warning in video.warnings:
        run.output.note(f"warning: {warning}", "yellow")
    if video.error is not None:
        run.output.problem(video.error)
    if as_json:
        run.output.json(video)
    else:
        run.output.say(f"{video.video_id} {video.status}: {counts(video)}")


def _left(run: Session, video_id: UUID | str) -> typer.Exit:
    run.output.note(f"The analysis goes on. See it again: framewise watch {video_id}")
    return typer.Exit(INTERRUPTED)


def _line(event: Event) -> str:
    data: Any = event.data if isinstance(event.data, dict) else {}
    if event.type not in ("result", "preview"):
        return f"{event.type} {data.get('status', '')}".rstrip()
    found = ", ".join(f"{d.get('label')} {d.get('confidence', 0):.2f}" for d in data.get("detections", []))
    reason = data.get("error") or found or "nothing"
    preview = "  (preview)" if event.type == "preview" else ""
    return (
        f"{data.get('media_time', 0):9.2f} s  frame {data.get('frame_number')}  {data.get('task')}  {reason}{preview}"
    )
