"""Owns the arguments and options that several commands share, and what the words in them mean."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

import typer

from framewise.cli.output import Output
from framewise.client import Client
from framewise.tasks import task, task_of

VideoId = Annotated[UUID, typer.Argument(metavar="ID", help="the id that the submission was given")]
Json = Annotated[bool, typer.Option("--json", help="JSON, one object a line")]
Tasks = Annotated[
    str | None,
    typer.Option("--tasks", metavar="TASKS", help="such as objects,faces:0.9: with commas between, :LEAST CONFIDENCE"),
]
TaskNames = Annotated[
    list[str] | None, typer.Option("--task", help="objects, faces, emotions, colors; may be repeated")
]
MinConfidence = Annotated[float | None, typer.Option("--min-confidence", min=0, max=1, help="findings as sure as that")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="may be repeated")]


@dataclass(frozen=True, slots=True)
class Session:
    """What every command has: a client, and where to show things."""

    client: Client
    output: Output = field(default_factory=Output)


def session(context: typer.Context) -> Session:
    """The session of a command."""
    found: Session = context.obj
    return found


def tasks(given: str | None) -> list[str | dict[str, Any]] | None:
    """The tasks of `--tasks` as the client takes them."""
    return None if given is None else list(_tasks(given))


def _tasks(given: str) -> Iterator[str | dict[str, Any]]:
    for word in filter(None, (part.strip() for part in given.split(","))):
        try:
            yield task_of(word)
        except ValueError as e:
            raise typer.BadParameter(str(e), param_hint="--tasks") from None


def task_names(given: list[str] | None) -> list[str] | None:
    """The tasks of `--task`."""
    return [task(name) for name in given] if given else None


def given(**options: Any) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in options.items() if value is not None}
