"""Owns the order of a measurement: work by work, round by round, every contender once, what was run left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.yardstick import machine
from benchmarks.yardstick.contender import CONTENDERS
from benchmarks.yardstick.expected import expected
from benchmarks.yardstick.findings import Found, differences
from benchmarks.yardstick.footage import Footage
from benchmarks.yardstick.records import Record, Records
from benchmarks.yardstick.runs import ContenderFailed, Outcome, run_once
from benchmarks.yardstick.servers import Servers
from benchmarks.yardstick.works import Work, work


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured. `size` makes works larger or smaller; `folder` keeps what has to be found."""

    works: Sequence[str]
    contenders: Sequence[str]
    rounds: int
    cores: int
    size: float
    folder: Path


def measure(plan: Plan, footage: Footage, records: Records) -> int:
    """Make and keep all runs that are not there yet; how many failed or found something else."""
    wrong = 0
    with Servers(plan.cores) as servers:
        for name in plan.works:
            todo = work(name, footage, plan.size)
            print(f"{todo.name}: {len(todo.clips)} clips, {', '.join(todo.tasks)}", flush=True)
            right = expected(todo, plan.folder)
            for number in range(1, plan.rounds + 1):
                for contender in _turns(plan.contenders, number):
                    if not records.has(todo.name, contender, number):
                        wrong += not _run(contender, todo, number, plan.cores, servers, right, records)
    return wrong


def _turns(contenders: Sequence[str], number: int) -> list[str]:
    """Another one begins in each round."""
    first = (number - 1) % len(contenders)
    return [*contenders[first:], *contenders[:first]]


def _run(contender: str, todo: Work, number: int, cores: int, servers: Servers, right: Found, records: Records) -> bool:
    """One run, kept; whether it came to its end and found what it had to."""
    with servers.awake(CONTENDERS[contender].needs) as (variables, pids):
        load, at = machine.load(), datetime.now(UTC).isoformat(timespec="seconds")
        try:
            outcome = run_once(contender, todo, cores, variables, pids)
        except ContenderFailed as failure:
            print(f"  round {number}, {contender}: failed\n{failure}", flush=True)
            return False
    record = _record(contender, todo, number, cores, outcome, differences(right, outcome.found), load, at)
    records.add(record)
    equal = "equal results" if not record.unequal else f"VOID: {record.unequal} frames differ, {record.example}"
    cost = f"{record.rate:.1f} frames/s, {record.cpu_ms:.1f} CPU ms a frame"
    print(f"  round {number}, {contender}: {cost}, {equal}", flush=True)
    return not record.unequal


def _record(
    contender: str, todo: Work, number: int, cores: int, outcome: Outcome, wrong: list[str], load: float, at: str
) -> Record:
    return Record(
        work=todo.name,
        contender=contender,
        round=number,
        frames=todo.frames,
        seconds=round(outcome.seconds, 3),
        unequal=len(wrong),
        example=wrong[0] if wrong else "",
        cpu={name: round(seconds, 2) for name, seconds in outcome.cpu.items()},
        load=load,
        at=at,
        cores=cores,
        machine=machine.machine(),
        versions=machine.versions(),
    )
