"""Owns what is said of the sandbox that videos are decoded in, and the file by which ingest tells `status`."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Confinement:
    """What confines a decoding child.

    `in_force` has what is limited or denied, each with the means that see to it; `missing` has the means that cannot
    be had here, each with the reason.
    """

    in_force: dict[str, list[str]]
    missing: dict[str, str]

    def __str__(self) -> str:
        """All of it on one line, for a person."""
        said = ", ".join(f"{effect} ({', '.join(means)})" for effect, means in self.in_force.items())
        without = "; ".join(f"{means}: {reason}" for means, reason in self.missing.items())
        return f"{said}. Not in force: {without}" if without else said


def sandbox_file(data_dir: Path) -> Path:
    """Where ingest says so."""
    return data_dir / "run" / "ingest.sandbox"


def write_confinement(data_dir: Path, confinement: Confinement | None) -> None:
    """Say so, or take back what was said before."""
    path = sandbox_file(data_dir)
    if confinement is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(confinement), indent=2) + "\n")


def read_confinement(data_dir: Path) -> Confinement | None:
    """What ingest said at its last start; None when it said nothing that can be read."""
    try:
        return Confinement(**json.loads(sandbox_file(data_dir).read_text()))
    except (OSError, ValueError, TypeError):
        return None
