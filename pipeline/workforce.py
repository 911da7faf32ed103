"""Owns how many workers are asked for and how many there are: two files in the data folder, of whoever asks and says.

`<data_dir>/workers.wanted` holds the number asked for while the analysis runs; it outlives restarts.
`<data_dir>/run/workers.json` is what the analysis says of itself.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.whole_files import write_whole


@dataclass(frozen=True, slots=True)
class Workforce:
    """How the analysis is manned: workers wanted, at work, and beside them those for live frames.

    `most` is how many there may be, and with `fixed` no fewer; `why` says what stands against the number wanted or
    any other, empty when nothing does.
    """

    wanted: int
    working: int
    live: int
    most: int
    why: str = ""
    fixed: bool = False


def wanted_file(data_dir: Path) -> Path:
    """Where the number asked for is."""
    return data_dir / "workers.wanted"


def said_file(data_dir: Path) -> Path:
    """Where the analysis says how it is manned."""
    return data_dir / "run" / "workers.json"


def ask_for(data_dir: Path, workers: int) -> None:
    """Ask the analysis for so many workers, now or when it starts. Raises OSError."""
    data_dir.mkdir(parents=True, exist_ok=True)
    write_whole(wanted_file(data_dir), f"{workers}\n".encode())


def forget(data_dir: Path) -> None:
    """Ask for nothing any more: the settings count at the next start."""
    wanted_file(data_dir).unlink(missing_ok=True)


def asked_for(data_dir: Path) -> int | None:
    """The number asked for; None where nobody asked, or nobody can read what was."""
    try:
        asked = int(wanted_file(data_dir).read_text())
    except (OSError, ValueError):
        return None
    return asked if asked >= 1 else None


def say(data_dir: Path, workforce: Workforce) -> None:
    """Write down how the analysis is manned. Raises OSError."""
    file = said_file(data_dir)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, json.dumps(asdict(workforce)).encode(), sync=False)


def said(data_dir: Path) -> Workforce | None:
    """How the analysis is manned, as it last said; None where it has not."""
    try:
        return Workforce(**json.loads(said_file(data_dir).read_text()))
    except (OSError, ValueError, TypeError):
        return None
