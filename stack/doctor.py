"""Owns `./run.sh doctor`: a list of questions, each with a limit, and the table of what was found."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table

from pipeline.contracts.settings import S3Settings
from stack import machine, round_trips
from stack.running import cassandra_of, kafka_of, running
from stack.settings import StackSettings
from stack.trial import trial

SERVERS = ("kafka", "cassandra")


@dataclass(frozen=True, slots=True)
class Check:
    """One question: `ask` returns what was found or raises; `advice` is for when it does. `limit` is in seconds.

    `needs` names a check without which this one is not tried.
    """

    name: str
    ask: Callable[[], str]
    advice: str
    limit: float = 30.0
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of a check; `advice` is empty where all is well."""

    name: str
    ok: bool
    seconds: float
    said: str
    advice: str = ""


def examine(check: Check) -> Finding:
    """Ask in a thread, and wait for the answer no longer than the limit."""
    answer: Future[str] = Future()

    def ask() -> None:
        try:
            answer.set_result(check.ask())
        except BaseException as e:  # noqa: BLE001 - whatever it is, it is the answer
            answer.set_exception(e)

    began = time.monotonic()
    threading.Thread(target=ask, name=check.name, daemon=True).start()
    done, _ = wait([answer], check.limit)
    seconds = time.monotonic() - began
    if not done:
        return Finding(check.name, False, seconds, f"no answer within {check.limit:.0f} s", check.advice)
    if failure := answer.exception():
        said = str(failure).strip() or type(failure).__name__
        return Finding(check.name, False, seconds, said, check.advice)
    return Finding(check.name, True, seconds, answer.result())


def machine_checks(settings: StackSettings) -> list[Check]:
    """What this machine must have."""
    gpu = "Install NVIDIA's driver, or leave out --gpu to use the CPU."
    checks = [
        Check("Python", machine.python, "Install Python 3.11, 3.12 or 3.13."),
        Check("Java", partial(machine.java, settings), "Install Java 17, such as openjdk-17-jre-headless."),
        Check("ports", partial(machine.ports, settings), "End what uses them, or set the variable in brackets."),
        Check("disk", partial(machine.disk, settings), "Free space, or set FRAMEWISE_DATA_DIR to another disk."),
        Check("memory", partial(machine.memory, settings), "End other programs, or start with fewer --workers."),
        Check("video libraries", machine.video_libraries, "Remove .venv; ./run.sh installs the packages anew."),
        Check("RTMP server", machine.rtmp_server, "Install nginx and its RTMP module anew."),
        Check(
            "weights",
            machine.weights,
            "Let this machine reach what is named above, or set FRAMEWISE_MIRROR to a folder with models/NAME/FILE.",
            machine.WEIGHTS_SECONDS,
        ),
    ]
    if settings.frames_in_objects:
        ask = partial(round_trips.frames_there_and_back, settings, S3Settings())
        checks.append(
            Check("frame store", ask, "Make the bucket, or let the keys of this machine use it: docs/aws.md.")
        )
    return [*checks, Check("GPU", machine.gpu, gpu)] if settings.gpu else checks


def server_checks(settings: StackSettings, topic: str) -> list[Check]:
    """What the servers must do. The topic is made by the first, and read by the last."""
    kafka, cassandra = kafka_of(settings), cassandra_of(settings, round_trips.unique_name())
    logs = "See its log: ./run.sh logs {}. A restart may help: ./run.sh down, then ./run.sh."
    return [
        Check("Kafka", partial(round_trips.kafka_there_and_back, kafka, topic), logs.format("kafka"), 60),
        Check("Cassandra", partial(round_trips.cassandra_there_and_back, cassandra), logs.format("cassandra"), 60),
        Check(
            "streaming",
            partial(round_trips.streaming_count, settings, kafka, topic),
            "Spark's connector may be damaged: remove cache/jars and cache/ivy in the data folder, and try again.",
            round_trips.COUNT_SECONDS + 30,
            needs="Kafka",
        ),
    ]


def in_turn(checks: Iterable[Check], failed: set[str]) -> Iterator[Finding]:
    """Each check's finding; one that needs a check that failed is not tried. Adds to `failed`."""
    for check in checks:
        if check.needs in failed:
            said, advice = f"not tried without {check.needs}", f"Have {check.needs} work first."
            found = Finding(check.name, False, 0.0, said, advice)
        else:
            found = examine(check)
        if not found.ok:
            failed.add(check.name)
        yield found


def findings(settings: StackSettings) -> Iterator[Finding]:
    """Every finding as it comes. Servers are started for it, and stopped, where the stack does not run."""
    failed: set[str] = set()
    yield from in_turn(machine_checks(settings), failed)
    if "Java" in failed:
        yield Finding("servers", False, 0.0, "not tried without Java", "Have Java work first.")
        return
    with contextlib.ExitStack() as tidying:
        started, reached = _servers(settings, tidying)
        yield started
        if reached is not None:
            topic = round_trips.unique_name()
            tidying.callback(round_trips.remove_topic, kafka_of(reached), topic)
            yield from in_turn(server_checks(reached, topic), failed)


def _servers(settings: StackSettings, tidying: contextlib.ExitStack) -> tuple[Finding, StackSettings | None]:
    """The servers that run, or two of our own. Starting has limits of its own, and must end with what it started."""
    began = time.monotonic()
    if found := running(settings, *SERVERS):
        return Finding("servers", True, time.monotonic() - began, "the stack runs: its own are asked"), found
    try:
        own = tidying.enter_context(trial(*SERVERS)).settings
    except Exception as e:  # noqa: BLE001 - it is the answer
        advice = "The lines above are the server's own; the network is needed the first time, for the jars."
        return Finding("servers", False, time.monotonic() - began, str(e), advice), None
    said = "started for this, on ports of their own"
    return Finding("servers", True, time.monotonic() - began, said), own


def run(settings: StackSettings, console: Console) -> int:
    """Ask everything and show the table as it grows; 0 only if all is well."""
    table = Table("check", "result", "seconds", "found", box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    failed = []
    with Live(table, console=console, refresh_per_second=2):
        for finding in findings(settings):
            result = "[green]ok" if finding.ok else "[red]failed"
            table.add_row(finding.name, result, f"{finding.seconds:.1f}", first_line(finding.said))
            failed += [] if finding.ok else [finding]
    for finding in failed:
        console.print(f"\n{finding.name}: {finding.said}\n  {finding.advice}", markup=False, soft_wrap=True)
    console.print("\nall is well" if not failed else f"\n{len(failed)} checks failed", markup=False)
    return 1 if failed else 0


def first_line(text: str) -> str:
    """What fits into a table: the rest is below it."""
    lines = text.splitlines()
    return lines[0].replace("[", "\\[") + (" …" if len(lines) > 1 else "") if lines else ""
