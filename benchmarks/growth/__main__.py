"""Owns the command: `python -m benchmarks.growth --part PART`; each point once, those that are measured are left out.

FRAMEWISE_MIRROR=… .venv/bin/python -m benchmarks.growth --part workers [--most 2] [--results FILE]
.venv/bin/python -m benchmarks.growth --table        # what has been measured, in Markdown
.venv/bin/python -m benchmarks.growth --part setup   # what an installation holds, by megabytes
"""

import argparse
import os
import sys
from pathlib import Path

from benchmarks.growth import installed
from benchmarks.growth.measuring import measured
from benchmarks.growth.points import PARTS, points
from benchmarks.growth.records import add, read, tables
from pipeline.contracts.settings import PathSettings


def main() -> int:
    """Measure what is not measured yet, or print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth")
    mirror = os.environ.get("FRAMEWISE_MIRROR")
    sample = Path(mirror) / "media" / "video" / "people_vtest.avi" if mirror else None
    parser.add_argument("--part", choices=(*PARTS, "setup"))
    parser.add_argument("--video", type=Path, default=sample)
    parser.add_argument("--least", type=int, default=0, help="leave out smaller points")
    parser.add_argument("--most", type=int, default=sys.maxsize, help="leave out larger points")
    parser.add_argument("--results", type=Path, default=PathSettings().data_dir / "bench" / "growth.jsonl")
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    if options.part == "setup":
        print(installed.table(Path(sys.prefix), PathSettings().data_dir / "cache"))
    elif options.part:
        if options.video is None:
            parser.error("name a clip by --video, or a mirror by FRAMEWISE_MIRROR")
        known = {record.value for record in read(options.results) if record.part == options.part}
        wanted = [p for p in points(options.part) if options.least <= p.value <= options.most and p.value not in known]
        for record in measured(wanted, options.video):
            add(options.results, record)
            print(f"{record.part} {record.value}: {record.rate:.1f} frames/s, {record.peak:.0f} MiB", flush=True)
    if options.table:
        print(tables(read(options.results)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
