"""Owns `clip`: a part of a video as a file."""

from pathlib import Path
from typing import Annotated

import typer

from framewise.cli.options import VideoId, session
from framewise.cli.read import From, To


def clip(
    context: typer.Context,
    video_id: VideoId,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="where to write it")],
    start: From = None,
    end: To = None,
    raw: Annotated[bool, typer.Option("--raw", help="without boxes and labels")] = False,
    blur_faces: Annotated[bool, typer.Option("--blur-faces", help="with each face made unrecognisable")] = False,
) -> None:
    """Write a part of a video as MP4, from its stored frames with boxes and labels."""
    run = session(context)
    path = run.client.clip(video_id, output, start, end, annotate=not raw, blur="faces" if blur_faces else None)
    run.output.say(f"{path}: {path.stat().st_size} bytes")
