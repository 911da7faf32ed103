"""Owns asking for workers from beside the analysis, such as in its container: `python -m spark_jobs.asking N`."""

import argparse
import sys

from pipeline.contracts.settings import PathSettings
from pipeline.workforce import ask_for


def main(words: list[str] | None = None) -> int:
    """Ask for so many; the analysis takes them as soon as there is room."""
    parser = argparse.ArgumentParser(prog="python -m spark_jobs.asking")
    parser.add_argument("workers", type=int, metavar="N")
    workers = parser.parse_args(words).workers
    if workers < 1:
        parser.error(f"{workers} workers cannot be; there is one at least")
    ask_for(PathSettings().data_dir, workers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
