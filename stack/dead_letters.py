"""Owns the command `dead-letters`: what was set aside, and sending it again."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.contracts.errors import NotFound
from pipeline.kafka.dead_letters import DeadLetters, Letter


def show(letters: DeadLetters, console: Console, limit: int) -> int:
    """Print the newest, oldest first; always 0."""
    found = letters.newest(limit)
    if not found:
        console.print("no record was set aside")
        return 0
    table = Table("record", "set aside", "video", "frame", "bytes", "reason", "sent again")
    for letter in found:
        table.add_row(
            letter.name,
            f"{letter.set_aside_at:%Y-%m-%d %H:%M:%S}",
            letter.video,
            letter.frame,
            letter.left_out or ("" if letter.size is None else str(letter.size)),
            Text(letter.reason),
            f"{letter.replayed_at:%Y-%m-%d %H:%M:%S}" if letter.replayed_at else "",
        )
    console.print(table)
    return 0


def replay(letters: DeadLetters, console: Console, names: Sequence[str], limit: int) -> int:
    """Send the named ones again, or all of the newest that were not yet; 0. Raises NotFound for an unknown name."""
    known = {letter.name: letter for letter in letters.newest(limit)}
    if unknown := [name for name in names if name not in known]:
        raise NotFound(f"no such dead letter: {', '.join(unknown)}; `dead-letters list` shows them")
    chosen: list[Letter] = [known[name] for name in names] or [
        letter for letter in known.values() if not letter.replayed_at and not letter.left_out
    ]
    console.print(f"{letters.replay(chosen)} records were sent again", highlight=False)
    return 0
