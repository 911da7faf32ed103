#!/usr/bin/env python3
"""Clears frames by age: `./clear_frames.py --days N`, from any folder and with any Python. `--help` says more."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENTS = [ROOT / ".venv", ROOT / ".venv-gpu"]


def go_on_in_environment() -> None:
    """Start anew with the Python of the project's virtual environment, unless this is it or there is none."""
    if Path(sys.prefix).resolve() in [folder.resolve() for folder in ENVIRONMENTS]:
        return
    for folder in ENVIRONMENTS:
        python = str(folder / "bin" / "python")
        if os.access(python, os.X_OK):
            os.execv(python, [python, str(ROOT / "clear_frames.py"), *sys.argv[1:]])


if __name__ == "__main__":
    go_on_in_environment()
    sys.path.insert(0, str(ROOT))
    try:
        from ingest.clearing import main
    except (ImportError, SyntaxError) as e:
        sys.exit(f"error: {e}. What Framewise needs is not installed here: run ./run.sh once, which makes .venv")
    sys.exit(main())
