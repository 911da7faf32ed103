"""Owns `feeds`: the feeds of a file are submitted and followed, in a table that changes or in lines."""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer
from rich.live import Live
from rich.table import Table
from rich.text import Text

from framewise.cli.options import Json, Session, session
from framewise.cli.output import plain
from framewise.errors import WrongFile
from framewise.feeds.cameras import Cameras
from framewise.feeds.file import Feed, read_feeds
from framewise.feeds.fleet import Fleet, Running
from framewise.feeds.submitting import Sending, key_of

USAGE, INTERRUPTED = 2, 130
LOOK_SECONDS = 0.5
TENTHS = 10
COLUMNS = ("FEED", "SOURCE", "STATUS", "FRAMES", "FRAMES/S", "LAG", "")


def feeds(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="the feeds, as TOML")],
    check: Annotated[bool, typer.Option("--check", help="say whether the file can be used, and do nothing")] = False,
    again: Annotated[bool, typer.Option("--again", help="analyse anew what was analysed before")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Ctrl-C cancels the feeds; else they go on")] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="submit, and do not follow")] = False,
    as_json: Json = False,
) -> None:
    """Analyse many feeds at once: files, addresses, streams and cameras, each with its rate and its models.

    The same file goes on with the same videos, so that it may be interrupted and started again.
    """
    run = session(context)
    try:
        found = read_feeds(file)
    except WrongFile as e:
        for line in str(e).splitlines():
            run.output.note(f"error: {line}", "bold red")
        raise typer.Exit(USAGE) from None
    if check:
        kinds = Counter(feed.kind for feed in found)
        run.output.say(f"{len(found)} feeds: {', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))}")
        return
    key = context.parent.params.get("key") if context.parent is not None else None
    fleet = fleet_of(run, found, file, uuid4().hex if again else "", Sending(Cameras(key)))
    raise typer.Exit(_drive(run, fleet, file, stop, no_wait, as_json))


def fleet_of(run: Session, found: list[Feed], file: Path, salt: str, sending: Sending) -> Fleet:
    """The feeds before anything was asked."""
    return Fleet(run.client, (Running(feed, partial(_key, feed, file, salt)) for feed in found), sending)


def _key(feed: Feed, file: Path, salt: str, turn: int) -> str:
    return key_of(feed, file, turn, salt)


def _drive(run: Session, fleet: Fleet, file: Path, stop: bool, no_wait: bool, as_json: bool) -> int:
    began = time.monotonic()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _follow(run, fleet, no_wait, as_json)
    except KeyboardInterrupt:
        return _left(run, fleet, file, stop)
    finally:
        signal.signal(signal.SIGTERM, before)
        fleet.close()
    _conclude(run, fleet, time.monotonic() - began, as_json)
    sent = all(one.video is not None and not one.trouble for one in fleet.running)
    return 0 if (sent if no_wait else all(one.well for one in fleet.running)) else 1


def _follow(run: Session, fleet: Fleet, no_wait: bool, as_json: bool) -> None:
    def going_on() -> Iterator[None]:
        while not (fleet.over or (no_wait and all(one.video is not None or one.over for one in fleet.running))):
            fleet.turn()
            time.sleep(LOOK_SECONDS)
            yield

    if run.output.watched and not as_json:
        with Live(table(fleet), console=run.output.out, refresh_per_second=4) as shown:
            for _ in going_on():
                shown.update(table(fleet))
        return
    said: dict[str, tuple[object, ...]] = {}
    for _ in going_on():
        _say_changes(run, fleet, said)
    _say_changes(run, fleet, said)


def table(fleet: Fleet) -> Table:
    """How all feeds stand now."""
    shown = Table(*COLUMNS, box=None, pad_edge=False, header_style="bold")
    for one in fleet.running:
        shown.add_row(*(Text(plain(cell), overflow="fold") for cell in _row(one)))
    going = [one.video.rate for one in fleet.running if one.video and not one.video.ended and one.video.rate]
    shown.add_row(Text("together"), "", "", str(sum(one.frames for one in fleet.running)), f"{sum(going):.1f}")
    return shown


def _row(one: Running) -> tuple[object, ...]:
    video = one.video
    rate = f"{video.rate:.1f}" if video and video.rate and not video.ended else ""
    lag = f"{video.lag_seconds:.1f} s" if video and video.lag_seconds is not None and not video.ended else ""
    more = one.trouble or (f"round {one.turn}" if one.feed.rounds != 1 else "")
    return (one.feed.id, _short(one.feed.source), _status(one), _frames(one), rate, lag, more)


def _status(one: Running) -> str:
    if one.video is None:
        return "refused" if one.over else "sending"
    return "waiting" if one.video.status == "pending" else one.video.status


def _frames(one: Running) -> str:
    expected = one.video.frames.expected if one.video else None
    return f"{one.frames}" if expected is None else f"{one.frames} of {one.done + expected}"


def _short(source: str) -> str:
    """Without folders, and without a password."""
    scheme, mark, rest = source.partition("://")
    if mark:
        return f"{scheme}://{rest.rpartition('@')[2]}"
    return Path(source).name


def _say_changes(run: Session, fleet: Fleet, said: dict[str, tuple[object, ...]]) -> None:
    """A line for each change of state and each tenth, where no table can be drawn."""
    for one in fleet.running:
        tenth = int((one.video.progress or 0) * TENTHS) if one.video else 0
        now = (_status(one), tenth, one.turn, one.trouble)
        if said.get(one.feed.id) != now:
            said[one.feed.id] = now
            run.output.note("  ".join(filter(None, (one.feed.id, _status(one), _frames(one), one.trouble))))


def _conclude(run: Session, fleet: Fleet, seconds: float, as_json: bool) -> None:
    videos = [one.video for one in fleet.running if one.video is not None]
    if as_json:
        run.output.json(videos)
    elif not run.output.watched:
        rows = ((one.feed.id, one.video.video_id if one.video else None, _status(one)) for one in fleet.running)
        run.output.table(("FEED", "ID", "STATUS"), rows)
    states = Counter(_status(one) for one in fleet.running)
    frames = sum(one.frames for one in fleet.running)
    counted = ", ".join(f"{count} {state}" for state, count in states.most_common())
    run.output.note(f"{len(fleet.running)} feeds: {counted}; {frames} frames in {seconds:.0f} s")
    for one in fleet.running:
        if one.trouble:
            run.output.note(f"{one.feed.id}: {one.trouble}", "red")
        elif one.video is not None and one.video.error is not None:
            run.output.note(f"{one.feed.id}: {one.video.error.detail or one.video.error.title}", "red")


def _left(run: Session, fleet: Fleet, file: Path, stop: bool) -> int:
    if stop:
        silent = fleet.cancel()
        run.output.note(f"not known to be cancelled: {', '.join(silent)}" if silent else "the feeds are cancelled")
    else:
        run.output.note(f"The feeds go on. Follow them again: framewise feeds {file}")
    return INTERRUPTED
