"""Owns `cancel`, `retry` and `delete`."""

from typing import Annotated
from uuid import UUID

import typer

from framewise.answers import Video
from framewise.cli.options import Json, Session, VideoId, session
from framewise.cli.output import plain

VideoIds = Annotated[list[UUID], typer.Argument(metavar="ID", help="the ids that the submissions were given")]


def cancel(context: typer.Context, video_id: VideoId, as_json: Json = False) -> None:
    """Stop an analysis; what was found stays."""
    run = session(context)
    _show(run, run.client.cancel(video_id), as_json)


def retry(context: typer.Context, video_id: VideoId, as_json: Json = False) -> None:
    """Try a failed or cancelled video again: only frames without a good outcome are analysed."""
    run = session(context)
    _show(run, run.client.retry(video_id), as_json)


def delete(
    context: typer.Context,
    video_ids: VideoIds,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
) -> None:
    """Remove videos with their frames, results and files."""
    run = session(context)
    for video_id in video_ids:
        if not yes:
            name = plain(run.client.video(video_id).video_name)
            typer.confirm(f"Delete {video_id} ({name}) with all that was found in it?", abort=True, err=True)
        run.client.delete(video_id)
        run.output.note(f"{video_id} is deleted")


def _show(run: Session, video: Video, as_json: bool) -> None:
    if as_json:
        run.output.json(video)
    else:
        run.output.say(f"{video.video_id} {video.status}")
