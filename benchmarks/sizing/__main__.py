"""Owns the command line of sizing.

.venv/bin/python -m benchmarks.sizing [--cameras 10 100 1000] [--analysed 1] [--tasks all] [--picture 1280x720]
.venv/bin/python -m benchmarks.sizing costs [--core-hour 0.04] [--gib-month 0.023]
"""

import argparse
import sys

from benchmarks.sizing import tables
from benchmarks.sizing.arithmetic import plan
from benchmarks.sizing.measured import load
from benchmarks.sizing.plans import Hosts, Load, Price

CAMERAS = (10, 100, 1000)


def main(words: list[str] | None = None) -> int:
    """Print what is asked, as Markdown."""
    measured = load()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sizing", description="How much so many cameras need.")
    parser.add_argument("what", nargs="?", choices=("plans", "costs"), default="plans")
    parser.add_argument("--cameras", type=_count, nargs="+", default=list(CAMERAS))
    parser.add_argument("--analysed", type=_amount, default=1.0, help="frames a second of each camera")
    parser.add_argument("--sent", type=_amount, default=25.0, help="frames a second that each camera sends")
    parser.add_argument("--picture", choices=measured.pictures, default="1280x720", help="the size as stored")
    parser.add_argument("--tasks", choices=measured.pictures["1280x720"].tasks, default="objects_detection")
    parser.add_argument("--keep-days", type=_amount, default=7.0, help="of pictures and results")
    parser.add_argument("--host-cores", type=_count, default=16)
    parser.add_argument("--host-memory", type=_amount, default=64.0, help="GiB")
    parser.add_argument("--core-hour", type=float, default=0.0, help="what a core costs an hour")
    parser.add_argument("--gib-month", type=float, default=0.0, help="what keeping a GiB costs a month")
    asked = parser.parse_args(words)
    if asked.what == "costs":
        print(tables.costs(measured, Price(asked.core_hour, asked.gib_month)))
        return 0
    loads = [Load(n, asked.analysed, asked.sent, asked.tasks, asked.picture, asked.keep_days) for n in asked.cameras]
    hosts = Hosts(asked.host_cores, asked.host_memory)
    print(tables.plans(loads, [plan(one, measured, hosts) for one in loads]))
    return 0


def _count(text: str) -> int:
    return int(_amount(text))


def _amount(text: str) -> float:
    if not (value := float(text)) > 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


if __name__ == "__main__":
    sys.exit(main())
