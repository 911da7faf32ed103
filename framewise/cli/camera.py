"""Owns `camera`: a camera, a file or a stream of this machine becomes a live video of a service elsewhere."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Annotated, Any, Literal

import typer

from framewise.cli.options import Session, Tags, given, session, tasks
from framewise.errors import ExtraMissing

Source = Annotated[
    str | None, typer.Option("--source", metavar="0|FILE|URL", help="a camera's number, a video file, or an address")
]
CameraId = Annotated[str | None, typer.Option("--camera-id", metavar="NAME", help="your name of the camera")]
Interval = Annotated[float, typer.Option("--interval", min=0, help="seconds between pictures; 0 sends every one")]
Keep = Annotated[Literal["newest", "all"], typer.Option("--keep", help="of what the analysis is behind with")]
Name = Annotated[str | None, typer.Option("--name", help="a label for people")]
Height = Annotated[int, typer.Option("--height", min=16, help="pictures are scaled down to it")]
Seconds = Annotated[float | None, typer.Option("--seconds", min=0, help="end after so long")]
Latest = Annotated[Path | None, typer.Option("--latest", metavar="FILE", help="keep the newest picture there")]
Preview = Annotated[bool, typer.Option("--preview", help="show what is sent, in a browser of this machine")]
Check = Annotated[bool, typer.Option("--check", help="list the cameras of this machine, and what is wrong with them")]


def camera(
    context: typer.Context,
    source: Source = None,
    camera_id: CameraId = None,
    interval: Interval = 0.2,
    models: Annotated[str | None, typer.Option("--models", help="such as objects,faces:0.9")] = None,
    keep: Keep = "newest",
    name: Name = None,
    tag: Tags = None,
    height: Height = 720,
    seconds: Seconds = None,
    latest: Latest = None,
    preview: Preview = False,
    check: Check = False,
) -> None:
    """Send a camera's pictures for analysis, until Ctrl-C. A file is played as if it were a camera."""
    run = session(context)
    if check:
        _check(run)
    elif source is None or camera_id is None:
        raise typer.BadParameter("give --source and --camera-id, or --check")
    else:
        options = given(tasks=tasks(models), name=name, tags=tag)
        pace = {"keep": keep, "interval": interval, "height": height, "seconds": seconds}
        _send(run, source, camera_id, latest=latest, preview=preview, options=options, **pace)


def _send(run: Session, source: str, camera_id: str, **manner: Any) -> None:
    try:
        from framewise.camera.command import Asked, send
    except ImportError as e:
        raise ExtraMissing("framewise camera", "camera", e) from e
    with _signals() as stop:
        sent = send(run.client, Asked(source, camera_id, **manner), run.output.note, partial(_begun, run), stop)
    run.output.note(f"{sent.sent} of {sent.captured} pictures were sent, {sent.dropped} were left out for newer ones")


def _begun(run: Session, video_id: str) -> None:
    run.output.say(video_id)
    run.output.out.file.flush()


@contextmanager
def _signals() -> Iterator[Event]:
    """Set by Ctrl-C and SIGTERM: the camera's end is an orderly one. A second one is as always."""
    stop = Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]

    def ask(number: int, frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in numbers:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _check(run: Session) -> None:
    """A line a camera, and what is wrong; status 1 when none can be used."""
    try:
        from framewise.camera.devices import NONE_HERE, devices
    except ImportError as e:
        raise ExtraMissing("framewise camera", "camera", e) from e
    found = list(devices())
    for device in found:
        run.output.say(f"{device.path}  {device.name}  {device.trouble or 'can be used'}")
        for mode in device.modes:
            run.output.say(f"  {mode}")
    if not found:
        run.output.note(NONE_HERE)
    if all(device.trouble is not None for device in found):
        raise typer.Exit(1)
