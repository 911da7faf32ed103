"""Owns `up` and `down`: one background supervisor, started once and stopped with all that is its own."""

import contextlib
import fcntl
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator

from pipeline import workforce
from pipeline.contracts.errors import StackError
from pipeline.contracts.settings import ROOT
from pipeline.identity import Identity, process_of
from stack import jars, processes
from stack.logs import last_lines
from stack.ports import check_free
from stack.preflight import check_gpu, find_java
from stack.services import SERVICES, Service, chosen
from stack.settings import PREFIX, TOKEN_VARIABLE, StackSettings, child_environment, effective
from stack.state import ServiceState, StackState, read_state

Say = Callable[[str], None]

POLL = 0.2
LOCK_SECONDS = 1800.0
SUPERVISOR_SECONDS = 30.0
PATIENCE = 15.0
FIRST_START = " (the first start fetches the models' weights)"
STOP_MARGIN = 30.0


def up(settings: StackSettings, say: Say, services: tuple[Service, ...] = SERVICES) -> None:
    """Have every service running and ready; harmless when they are. Raises StackError, with nothing left behind."""
    wanted = chosen(settings, services)
    with _only_one(settings, say):
        state = read_state(settings.state_file)
        if state and state.running:
            _check_same(settings, state)
            _wait_ready(settings, wanted, say, patient=True)
            say("already running")
            return
        end_orphans(settings, say)
        if "workers" in settings.model_fields_set:
            workforce.forget(settings.data_dir)
        _check_machine(settings, wanted)
        _fetch_jars(settings, wanted, say)
        try:
            _start_supervisor(settings)
            _wait_ready(settings, wanted, say, patient=False)
        except BaseException:
            down(settings, lambda text: None, services)
            raise


def down(settings: StackSettings, say: Say, services: tuple[Service, ...] = SERVICES) -> bool:
    """Stop what the stack started and nothing else; whether there was anything."""
    state = read_state(settings.state_file)
    supervisor = process_of(state.supervisor) if state else None
    if state is None or supervisor is None:
        return end_orphans(settings, say)
    say("stopping")
    limit = sum(service.stop_limit for service in services) + STOP_MARGIN
    processes.end([supervisor], limit)
    end_orphans(settings, say)
    return True


def end_orphans(settings: StackSettings, say: Say) -> bool:
    """End what a supervisor left behind when it was killed; whether there was anything."""
    state = read_state(settings.state_file)
    if state is None or state.running:
        return False
    found = {p.pid: p for service in state.services.values() for p in processes.family(service.process)}
    found |= {process.pid: process for process in processes.marked(state.token)}
    if found:
        say(f"ending {len(found)} processes of an earlier start")
        processes.end(list(found.values()), SUPERVISOR_SECONDS)
    return bool(found)


def _check_same(settings: StackSettings, state: StackState) -> None:
    """Raise StackError when this call asks for something else than what runs."""
    asked = {PREFIX + name.upper() for name in settings.model_fields_set} | set(os.environ)
    different = [
        f"{name} is {state.settings.get(name) or 'not set'} there, {value or 'not set'} here"
        for name, value in sorted(effective(settings).items())
        if name in asked and name != TOKEN_VARIABLE and state.settings.get(name) != value
    ]
    if different:
        hint = "Stop it first: ./run.sh down"
        if any(one.startswith(f"{PREFIX}WORKERS ") for one in different):
            hint += "; the number of workers changes while it runs: ./run.sh workers N"
        raise StackError(f"the stack runs with other settings: {'; '.join(different)}. {hint}")


def _check_machine(settings: StackSettings, services: tuple[Service, ...]) -> None:
    if settings.gpu:
        check_gpu()
    find_java(settings.java)
    check_free(settings, services)


def _fetch_jars(settings: StackSettings, services: tuple[Service, ...], say: Say) -> None:
    names = [name for service in services for name in service.jars]
    wanted = jars.missing(settings, names)
    if not wanted:
        return
    size = sum(jars.JAR_SETS[name].megabytes for name in wanted)
    say(f"fetching the jars of {', '.join(wanted)} (first time only, about {size} MB)")
    last = time.monotonic()

    def progress(count: int, bytes_come: int) -> None:
        nonlocal last
        if time.monotonic() - last >= 10:
            last = time.monotonic()
            say(f"{count} jars, {bytes_come / 2**20:.0f} MB")

    jars.ensure(settings, wanted, progress)


def _start_supervisor(settings: StackSettings) -> None:
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    settings.log_dir.mkdir(parents=True, exist_ok=True)
    settings.state_file.unlink(missing_ok=True)
    errors = settings.run_dir / "supervisor.stderr"
    with errors.open("wb") as stderr:
        started = subprocess.run(
            [sys.executable, "-m", "stack.supervisor"],
            env=child_environment(settings, uuid.uuid4().hex),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            timeout=SUPERVISOR_SECONDS,
            check=False,
        )
    deadline = time.monotonic() + SUPERVISOR_SECONDS
    supervisor = Identity.of(int(started.stdout or 0)) if started.returncode == 0 else None
    while read_state(settings.state_file) is None:
        if process_of(supervisor) is None or time.monotonic() > deadline:
            raise StackError(f"the supervisor did not start:\n{errors.read_text(errors='replace')[-2000:]}")
        time.sleep(POLL)


def _wait_ready(settings: StackSettings, services: tuple[Service, ...], say: Say, patient: bool) -> None:
    """Wait until all are ready. Unless `patient`, the first failure is the last: it is not waited for a restart."""
    seen: dict[str, ServiceState] = {}
    deadline = time.monotonic() + sum(service.ready_limit for service in services)
    said = time.monotonic()
    while True:
        state = read_state(settings.state_file)
        if state is None or not state.running:
            raise StackError(f"the supervisor has ended; see {settings.log_dir / 'supervisor.log'}")
        for name, service in state.services.items():
            if seen.get(name) is not service.state and not patient:
                _announce(say, name, service.state, service.seconds)
            seen[name] = service.state
            if service.failures and not patient:
                raise StackError(_why(settings, name, service.reason))
        waiting = [name for name, service in state.services.items() if not service.up]
        if not waiting:
            return
        if time.monotonic() - said > PATIENCE:
            said = time.monotonic()
            say(f"waiting for {', '.join(waiting)}{FIRST_START if 'analysis' in waiting else ''}")
        if time.monotonic() > deadline:
            late = {name: service for name, service in state.services.items() if not service.up}
            raise StackError("\n".join(_why(settings, name, s.reason or "is not ready") for name, s in late.items()))
        time.sleep(POLL)


def _announce(say: Say, name: str, state: ServiceState, seconds: float) -> None:
    if state in (ServiceState.READY, ServiceState.DONE):
        say(f"{name} {state} ({seconds:.1f} s)")


def _why(settings: StackSettings, name: str, reason: str) -> str:
    file = settings.log_dir / f"{name}.log"
    lines = "\n".join(f"  {line}" for line in last_lines(file, 20))
    return f"{name} {reason}. The end of {file}:\n{lines}"


@contextlib.contextmanager
def _only_one(settings: StackSettings, say: Say) -> Iterator[None]:
    """Hold the lock that two starts at the same time share; the second waits."""
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + LOCK_SECONDS
    told = False
    with (settings.run_dir / "up.lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise StackError("another start has been running for half an hour; stop it first") from None
                if not told:
                    say("another start is running; waiting for it")
                    told = True
                time.sleep(POLL)
        yield
