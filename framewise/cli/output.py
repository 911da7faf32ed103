"""Owns what is shown: tables for people, lines with tabs and JSON for programs, nothing that controls a terminal."""

import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from framewise.errors import Problem


def _stdout() -> Console:
    return Console(highlight=False, markup=False, emoji=False)


def _stderr() -> Console:
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


@dataclass(frozen=True, slots=True)
class Output:
    """Standard output and standard error. Where no person looks there are no colours, bars and borders."""

    out: Console = field(default_factory=_stdout)
    errors: Console = field(default_factory=_stderr)

    @property
    def watched(self) -> bool:
        """Whether a person looks at standard output."""
        return self.out.is_terminal

    def say(self, text: str, style: str = "") -> None:
        """A line for whoever reads standard output."""
        self.out.print(Text(plain(text), style), soft_wrap=True)

    def note(self, text: str, style: str = "") -> None:
        """A line beside the output, for people only."""
        self.errors.print(Text(plain(text), style), soft_wrap=True)

    def problem(self, problem: Problem) -> None:
        """What the service or the video's analysis said, in red, with each field that was wrong."""
        self.note(f"error: {problem.title}", "bold red")
        for line in [f"{wrong.pointer}: {wrong.detail}" for wrong in problem.errors] or [problem.detail]:
            self.note(f"  {line}", "red")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A table, or lines with tabs between the fields as they come."""
        if not self.watched:
            for row in itertools.chain([columns], rows):
                self._line("\t".join(map(plain, row)))
            return
        table = Table(*columns, box=None, pad_edge=False, header_style="bold")
        for row in rows:
            table.add_row(*(Text(plain(cell), overflow="fold") for cell in row))
        self.out.print(table)

    def json(self, value: BaseModel | Iterable[BaseModel]) -> None:
        """One object, or one a line as they come."""
        for item in [value] if isinstance(value, BaseModel) else value:
            body: Any = item.model_dump(mode="json", by_alias=True, exclude_unset=True)
            self._line(json.dumps(body, ensure_ascii=self.watched))

    def _line(self, text: str) -> None:
        self.out.file.write(text + "\n")


def plain(value: object) -> str:
    """The text with everything that is not a printable character or a space spelled out; None is a dash."""
    text = "-" if value is None else str(value)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
