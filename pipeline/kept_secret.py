"""Owns secrets that are made once and kept in the data folder, for its owner alone."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """What the file holds, without the end of its line; made when there is none. Of several at once, one makes it.

    Raises OSError.
    """
    if not path.exists():
        _keep(path, make())
    return path.read_text().strip()


def _keep(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
    try:
        os.link(new, path)
    except FileExistsError:
        return
    finally:
        new.unlink()
