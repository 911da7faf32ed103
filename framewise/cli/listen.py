"""Owns `listen`: what a camera sees, a line when something appears and one when it is gone."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from framewise.cli.options import Json, Session, session
from framewise.cli.watch import INTERRUPTED
from framewise.listening.listener import Listener
from framewise.listening.logs import EventLog, open_log
from framewise.listening.sightings import Rules, Sighting
from framewise.listening.speech import Speaker

Camera = Annotated[
    str,
    typer.Option("--camera", metavar="NAME", help="the camera's id, or a live video's id, name, tag or external id"),
]
Labels = Annotated[list[str] | None, typer.Option("--label", help="such as person; may be repeated; all without it")]
Log = Annotated[
    Path | None, typer.Option("--log", metavar="FILE", help="keep it in FILE.sqlite, FILE.parquet or FILE.jsonl")
]


def listen(
    context: typer.Context,
    camera: Camera,
    label: Labels = None,
    min_confidence: Annotated[float, typer.Option("--min-confidence", min=0, max=1, help="as sure as that")] = 0.5,
    confirm: Annotated[int, typer.Option("--confirm", min=1, help="frames that must show it")] = 2,
    gone_after: Annotated[float, typer.Option("--gone-after", min=0, help="seconds in which no frame shows it")] = 2.0,
    log: Log = None,
    speak: Annotated[bool, typer.Option("--speak", help="say aloud what appears")] = False,
    as_json: Json = False,
) -> None:
    """Tell what a camera sees: when something appears, and when it is gone. Goes on with the camera's next video."""
    run = session(context)
    rules = Rules(frozenset(label or ()), min_confidence, confirm, gone_after)
    with ExitStack() as held:
        kept = held.enter_context(closing(_log(log))) if log else None
        speaker = held.enter_context(closing(Speaker())) if speak else None
        listener = Listener(run.client, camera, rules, kept, run.output.note)
        try:
            _tell(run, listener.sightings(), speaker, as_json)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


def _log(path: Path) -> EventLog:
    try:
        return open_log(path.expanduser())
    except ValueError as e:
        raise typer.BadParameter(str(e), param_hint="--log") from e


def _tell(run: Session, sightings: Iterator[Sighting], speaker: Speaker | None, as_json: bool) -> None:
    for sighting in sightings:
        if as_json:
            run.output.json(sighting)
        else:
            run.output.say(line(sighting))
        run.output.out.file.flush()
        if speaker is not None and sighting.kind == "appeared":
            speaker.say(f"{sighting.label} at {sighting.camera}")


def line(sighting: Sighting) -> str:
    """A sighting for people."""
    when = _clock(sighting.at) if sighting.at else f"{sighting.media_time:.2f} s"
    lasted = f" after {sighting.seconds:.1f} s" if sighting.kind == "gone" else ""
    number = f", up to {sighting.most} at once" if sighting.most > 1 else ""
    return f"{when}  {sighting.camera}  {sighting.label} {sighting.kind}{lasted}  ({sighting.confidence:.2f}{number})"


def _clock(moment: datetime) -> str:
    return moment.astimezone().strftime("%H:%M:%S")
