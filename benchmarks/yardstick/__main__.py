"""Owns the yardstick's command line.

    ./run.sh bench                                             every work, every contender, five rounds
    ./run.sh bench --work objects-1080p-long --contender ray framewise --rounds 3 --size 0.5
    ./run.sh bench report                                      tables and plot into docs/benchmarks.md

Runs that the results file has are not made again. Start-up is nobody's time: models are loaded, actors and sessions up.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.yardstick.contender import CONTENDERS
from benchmarks.yardstick.footage import Footage
from benchmarks.yardstick.measuring import Plan, measure
from benchmarks.yardstick.records import Records
from benchmarks.yardstick.runs import ContenderFailed
from benchmarks.yardstick.works import names
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.settings import ROOT, PathSettings

PAGE, PLOT = ROOT / "docs" / "benchmarks.md", ROOT / "docs" / "yardstick.svg"


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="./run.sh bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("command", nargs="?", choices=("run", "report"), default="run")
    parser.add_argument("--work", nargs="+", choices=names(), default=names(), metavar="WORK", help=", ".join(names()))
    parser.add_argument(
        "--contender", nargs="+", choices=CONTENDERS, default=list(CONTENDERS), help="which take part, in this order"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=float, default=1.0, help="times the usual number of frames")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    folder = PathSettings().data_dir / "bench"
    parser.add_argument("--results", type=Path, default=folder / "yardstick.jsonl", help="a line a run")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Measure, or report; 1 when a contender failed or found something else."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that servers are ended
    asked, paths = options(arguments), PathSettings()
    records = Records(asked.results)
    if asked.command == "report":
        return _report(records)
    plan = Plan(
        asked.work, asked.contender, asked.rounds, asked.cores, asked.size, paths.data_dir / "bench" / "expected"
    )
    try:
        return 1 if measure(plan, Footage.of(paths), records) else 0
    except (FramewiseError, ContenderFailed) as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1


def _report(records: Records) -> int:
    from benchmarks.yardstick.plot import draw  # needs what a measurement does not
    from benchmarks.yardstick.report import write_report

    runs = records.all()
    if not runs:
        print("there are no runs to report of", file=sys.stderr)
        return 1
    draw(runs, PLOT)
    write_report(runs, PAGE, PLOT)
    print(f"{len(runs)} runs: {PAGE}, {PLOT}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
