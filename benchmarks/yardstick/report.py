"""Owns the report: tables of what was measured, between two marks of a page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.yardstick.contender import CONTENDERS
from benchmarks.yardstick.records import Record
from benchmarks.yardstick.standings import Spread, Standings, Value, by_work
from benchmarks.yardstick.works import TASKS

BEGIN, END = "<!-- yardstick -->", "<!-- /yardstick -->"
COLUMNS = {
    "1080p-long": "1080p, one long",
    "1080p-short": "1080p, forty short",
    "480p-long": "480p, one long",
    "480p-short": "480p, forty short",
}
NAMES = {"objects": "objects only", "all": "all four tasks"}
GOALS = (("framewise", "ceiling", 0.90), ("framewise", "ray", 1.3), ("framewise", "ancestor", 3.0))


def write_report(records: Sequence[Record], page: Path, plot: Path) -> None:
    """Put the tables into the page, between its marks; raises ValueError where it has none."""
    text = page.read_text(encoding="utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no {BEGIN} … {END} to write between")
    link = f"![Rates as shares of the faster bare program]({plot.name})"
    parts = [_circumstances(records), link, *tables(by_work(records))]
    page.write_text(f"{head}{BEGIN}\n" + "\n\n".join(parts) + f"\n{END}{tail}", encoding="utf-8")


def tables(works: Mapping[str, Standings]) -> list[str]:
    """Rates, shares of the ceiling and CPU time for each set of tasks; then the goals, and what is void."""
    parts = []
    for tasks in TASKS:
        known = {column: works[f"{tasks}-{column}"] for column in COLUMNS if f"{tasks}-{column}" in works}
        if known:
            rates = _table(f"{NAMES[tasks]}, frames/s", known, lambda s, c: s.rates(c), 1)
            shares = _table(f"{NAMES[tasks]}, share of the ceiling", known, lambda s, c: s.ratios(c, s.ceiling), 2)
            costs = _table(f"{NAMES[tasks]}, CPU ms a frame", known, lambda s, c: s.cpu_ms(c), 1)
            parts += [rates, shares, costs]
    return [*parts, _goals(works), *_void(works)]


def _table(title: str, known: Mapping[str, Standings], value: Value, digits: int) -> str:
    lines = [f"| {title} | " + " | ".join(COLUMNS[column] for column in known) + " |", "|---" * (len(known) + 1) + "|"]
    for name, entry in CONTENDERS.items():
        cells = [_cell(standings, name, value(standings, name), digits) for standings in known.values()]
        if any(cells):
            lines.append(f"| {entry.title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(standings: Standings, contender: str, spread: Spread | None, digits: int) -> str:
    if spread is None:
        return ""
    shown = f"{spread.median:.{digits}f} ({spread.least:.{digits}f}–{spread.most:.{digits}f})"
    return f"void: {shown}" if standings.void(contender) else shown


def _goals(works: Mapping[str, Standings]) -> str:
    lines = ["| goal | " + " | ".join(works) + " |", "|---" * (len(works) + 1) + "|"]
    for ours, other, least in GOALS:
        title = "the ceiling" if other == "ceiling" else CONTENDERS[other].title
        cells = [_reached(s.ratios(ours, s.ceiling if other == "ceiling" else other), least) for s in works.values()]
        lines.append(f"| at least {least:g} × {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _reached(spread: Spread | None, least: float) -> str:
    if spread is None:
        return ""
    return f"{spread.median:.2f}, {'reached' if spread.median >= least else 'missed'}"


def _void(works: Mapping[str, Standings]) -> list[str]:
    lines = []
    for work, standings in works.items():
        for name, entry in CONTENDERS.items():
            if run := standings.void(name):
                wrong = f"something else in {run.unequal} of {run.frames} frames"
                lines.append(f"- {entry.title}, {work}: {wrong}; for example {run.example}")
    return ["Void, or only to be taken as a hint:\n\n" + "\n".join(lines)] if lines else []


def _circumstances(records: Sequence[Record]) -> str:
    """The machine, the versions and the times of the runs; whatever there was of each."""
    in_order = sorted(records, key=lambda record: record.at)
    first, last = in_order[0], in_order[-1]
    # Between rounds the runs themselves are committed: who asks for each run's commit finds it in the file.
    commits = dict.fromkeys(record.machine.get("commit", "") for record in (first, last))
    machine = ", ".join(text for name, text in last.machine.items() if name not in ("commit", "cores"))
    versions = ", ".join(f"{name} {text}" for name, text in last.versions.items())
    rounds = max(record.round for record in records)
    loads = [record.load for record in records]
    return (
        f"{last.cores} cores ({machine}); commit {' to '.join(commits)}; {rounds} rounds, "
        f"{first.at[:16]} to {last.at[:16]} UTC; load average before a run {min(loads):.1f} to {max(loads):.1f}. "
        f"{versions}. Cells: the median, and the range."
    )
