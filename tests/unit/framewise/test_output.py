"""What a terminal gets: tables and colours of ours, and nothing of a name's."""

import io
import re

import pytest
from rich.console import Console

from framewise.cli.output import Output, plain
from framewise.errors import Problem

OURS = re.compile(r"\x1b\[[\d;]*m")
NASTY = "a\x1b]0;owned\x07\x1b[2J\x9b31m[bold]\u202e\u2028\rb\nc\t\ud800"


@pytest.fixture
def terminal() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def output(terminal: io.StringIO) -> Output:
    console = Console(file=terminal, force_terminal=True, width=200, markup=False, highlight=False, emoji=False)
    return Output(console, console)


def test_only_our_own_colours_reach_the_terminal(output: Output, terminal: io.StringIO) -> None:
    output.table(("NAME",), [(NASTY,)])
    output.say(NASTY)
    output.note(NASTY, "red")
    output.problem(Problem(title=NASTY, detail=NASTY))
    output.json(Problem(title=NASTY.replace("\ud800", "")))
    shown = terminal.getvalue()
    assert "\x1b[31m" in shown
    assert OURS.sub("", shown).replace("\n", "").isprintable()
    assert "[bold]" in shown


def test_what_can_be_read_stays_as_it_is() -> None:
    assert plain("Straße, 東京 🎬 [x] :smile: 50 %") == "Straße, 東京 🎬 [x] :smile: 50 %"
    assert plain(None) == "-"
    assert plain(r"C:\new") == r"C:\new"


def test_each_field_that_is_wrong_is_told(output: Output, terminal: io.StringIO) -> None:
    errors = [{"pointer": "#/a", "detail": "is missing"}, {"pointer": "#/b", "detail": "is no number"}]
    output.problem(Problem.model_validate({"title": "Not valid", "detail": "#/a: is missing", "errors": errors}))
    assert OURS.sub("", terminal.getvalue()) == "error: Not valid\n  #/a: is missing\n  #/b: is no number\n"
