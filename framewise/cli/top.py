"""Owns `top`: how the service does, in the terminal, again and again."""

from typing import Annotated

import typer
from rich.live import Live

from framewise.cli.options import Json, Session, session
from framewise.top.keys import quit_within, single_keys
from framewise.top.look import Look, Looking
from framewise.top.screen import screen

UNREACHABLE = 3


def top(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="one look, then end")] = False,
    interval: Annotated[float, typer.Option("--interval", min=0.5, max=3600, help="seconds between two looks")] = 2.0,
    as_json: Json = False,
) -> None:
    """Show streams, videos, topics, rates, workers and GPUs as they are, until q or Ctrl-C."""
    run = session(context)
    looking = Looking(run.client)
    try:
        if once:
            look = looking()
            _print(run, look, as_json)
            raise typer.Exit(UNREACHABLE if look.system is None else 0)
        if run.output.watched and not as_json:
            _watch(run, looking, interval)
        else:
            _repeat(run, looking, interval, as_json)
    except KeyboardInterrupt:
        return
    finally:
        looking.close()


def _print(run: Session, look: Look, as_json: bool) -> None:
    if as_json:
        run.output.json(look)
    else:
        run.output.out.print(screen(look))
    run.output.out.file.flush()


def _repeat(run: Session, looking: Looking, interval: float, as_json: bool) -> None:
    """For a pipe: one look behind the other."""
    while True:
        _print(run, looking(), as_json)
        quit_within(interval, keys=False)


def _watch(run: Session, looking: Looking, interval: float) -> None:
    out = run.output.out
    with (
        single_keys() as keys,
        Live(screen(looking(), out.height), console=out, screen=True, auto_refresh=False) as shown,
    ):
        while not quit_within(interval, keys):
            shown.update(screen(looking(), out.height), refresh=True)
