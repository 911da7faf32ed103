"""Owns `submit` and `rerun`: an address, files, folders of files, or stored frames become videos."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from framewise.answers import Video
from framewise.cli.options import Json, Session, Tags, Tasks, VideoId, given, session, tasks
from framewise.cli.watch import follow
from framewise.errors import Conflict, Invalid

SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mts", ".mpg", ".mpeg", ".flv", ".wmv", ".3gp", ".ogv"}
)

Wait = Annotated[bool, typer.Option("--wait", help="follow the analysis until it has ended")]
Name = Annotated[str | None, typer.Option("--name", help="a label for people")]
Step = Annotated[int | None, typer.Option("--step", min=1, help="every n-th frame")]
Start = Annotated[float | None, typer.Option("--start", min=0, help="from this second of the video")]
End = Annotated[float | None, typer.Option("--end", min=0, help="to this second of the video")]
ExternalId = Annotated[str | None, typer.Option("--external-id", help="your own name for it, to find it by")]
Callback = Annotated[str | None, typer.Option("--callback", help="an address that is told of changes")]
Purpose = Annotated[str | None, typer.Option("--purpose", help="why people are named; goes with the task identities")]
Collections = Annotated[list[str] | None, typer.Option("--collection", help="of people; default; may be repeated")]
Store = Annotated[str | None, typer.Option("--store", help="what is kept of frames: full, blurred or none")]


def submit(
    context: typer.Context,
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE", help="addresses, files, folders of videos")],
    task_list: Tasks = None,
    step: Step = None,
    ratio: Annotated[float | None, typer.Option("--ratio", help="the share of frames, 0–1")] = None,
    every: Annotated[float | None, typer.Option("--every", help="one frame every so many seconds")] = None,
    start: Start = None,
    end: End = None,
    max_duration: Annotated[float | None, typer.Option("--max-duration", help="stop after so many seconds")] = None,
    name: Name = None,
    tag: Tags = None,
    external_id: ExternalId = None,
    callback: Callback = None,
    store: Store = None,
    purpose: Purpose = None,
    collection: Collections = None,
    once: Annotated[bool, typer.Option("--once", help="a file with the same options makes one video, ever")] = False,
    wait: Wait = False,
    as_json: Json = False,
) -> None:
    """Submit videos for analysis: addresses, files, and each video file of a folder."""
    options = given(
        tasks=tasks(task_list),
        frame_step=step,
        frame_ratio=ratio,
        sample_seconds=every,
        start_time=start,
        end_time=end,
        max_duration=max_duration,
        name=name,
        tags=tag,
        external_id=external_id,
        callback_url=callback,
        store_frames=store,
        identification=_identification(purpose, collection),
    )
    found = [video for source in sources for video in _expand(source)]
    run = session(context)
    taken = [video for source in found if (video := _take(run, source, options, once))]
    _tell(run, taken, as_json, wait)
    if len(taken) < len(found):
        raise typer.Exit(1)


def rerun(
    context: typer.Context,
    video_id: VideoId,
    task_list: Tasks = None,
    step: Step = None,
    start: Start = None,
    end: End = None,
    name: Name = None,
    tag: Tags = None,
    external_id: ExternalId = None,
    callback: Callback = None,
    store: Store = None,
    purpose: Purpose = None,
    collection: Collections = None,
    wait: Wait = False,
    as_json: Json = False,
) -> None:
    """Analyse the stored frames of a video again, as a new video: other tasks, other thresholds."""
    options = given(
        tasks=tasks(task_list),
        frame_step=step,
        start_time=start,
        end_time=end,
        name=name,
        tags=tag,
        external_id=external_id,
        callback_url=callback,
        store_frames=store,
        identification=_identification(purpose, collection),
    )
    run = session(context)
    _tell(run, [run.client.rerun(video_id, **options)], as_json, wait)


def _identification(purpose: str | None, collections: list[str] | None) -> dict[str, Any] | None:
    """Why people are named, and which."""
    if purpose is None and collections:
        raise typer.BadParameter("say why people are named, too", param_hint="--purpose")
    return given(purpose=purpose, collections=collections) or None


def _expand(source: str) -> Iterator[str | Path]:
    """The addresses and files that a word of the command line names."""
    if "://" in source:
        yield source
        return
    path = Path(source).expanduser()
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        if not files:
            raise typer.BadParameter(f"there is no video file in {path}")
        yield from files
    elif path.is_file():
        yield path
    else:
        raise typer.BadParameter(f"there is no file {path}; addresses start with http://, https:// or s3://")


def _take(run: Session, source: str | Path, options: dict[str, Any], once: bool) -> Video | None:
    """The video that a source became; None when the service refused this one, which is shown."""
    try:
        if isinstance(source, str):
            return run.client.start(source, **options)
        return _upload(run, source, {**options, **_key(source, options)} if once else options)
    except (Invalid, Conflict) as e:
        run.output.note(f"{source} was not taken:")
        run.output.problem(e.problem)
        return None


def _upload(run: Session, path: Path, options: dict[str, Any]) -> Video:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(
        *columns, console=run.output.errors, transient=True, disable=not run.output.errors.is_terminal
    ) as bar:
        shown = bar.add_task("sending", total=path.stat().st_size)
        return run.client.upload(path, on_progress=lambda sent, _: bar.update(shown, completed=sent), **options)


def _key(path: Path, options: dict[str, Any]) -> dict[str, str]:
    """The same for the same bytes and options, so that the service knows the submission again."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update(json.dumps(options, sort_keys=True).encode())
    return {"idempotency_key": f"once-{digest.hexdigest()}"}


def _tell(run: Session, videos: list[Video], as_json: bool, wait: bool) -> None:
    if as_json and not wait:
        run.output.json(videos)
    elif not run.output.watched and not wait:
        for video in videos:
            run.output.say(video.video_id)
    elif not wait:
        run.output.table(("ID", "NAME", "STATUS"), [(v.video_id, v.video_name, v.status) for v in videos])
    if wait:
        ended = [follow(run, video.video_id, as_json) for video in videos]
        if any(video.status != "completed" for video in ended):
            raise typer.Exit(1)
