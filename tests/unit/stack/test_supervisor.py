"""The supervisor with small services of our own: real processes, no servers."""

import asyncio
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from pipeline.identity import process_of
from stack.processes import end, marked
from stack.services import Service, ready_file_of
from stack.settings import StackSettings
from stack.state import ServiceState, ServiceStatus, StackState, read_state
from stack.supervisor import Supervisor

READY = "import os, pathlib; pathlib.Path('{dir}/run/{name}.ready').write_text(str(os.getpid()))\n"
WAIT = "import signal; signal.pause()\n"


def service(name: str, script: str = READY + WAIT, **options: object) -> Service:
    def command(settings: StackSettings) -> list[str]:
        return [sys.executable, "-c", script.format(dir=settings.data_dir, name=name)]

    return Service(name, command, ready_file_of(name), **{"stop_limit": 5.0, **options})  # type: ignore[arg-type]


@asynccontextmanager
async def running(settings: StackSettings, *services: Service) -> AsyncIterator[str]:
    token = uuid.uuid4().hex
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    supervisor = Supervisor(settings, services, token)
    task = asyncio.create_task(supervisor.run())
    try:
        yield token
    finally:
        supervisor.stop()
        await asyncio.wait_for(task, 30)


async def until(settings: StackSettings, wanted: Callable[[StackState], bool]) -> StackState:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        state = read_state(settings.state_file)
        if state and wanted(state):
            return state
        await asyncio.sleep(0.05)
    raise AssertionError(f"not reached: {read_state(settings.state_file)}")


@pytest.fixture
def settings(tmp_path: Path) -> StackSettings:
    return StackSettings(data_dir=tmp_path)


def all_up(state: StackState) -> bool:
    return all(status.up for status in state.services.values())


def of(state: StackState, name: str = "one") -> ServiceStatus:
    return state.services[name]


def test_a_service_that_may_end_is_started_again_only_when_it_failed(settings: StackSettings) -> None:
    script = READY + "import time; time.sleep(0.5); file = pathlib.Path('{dir}/runs'); runs = file.exists()\n"
    script += "file.write_text('x'); raise SystemExit(0 if runs else 1)\n"

    async def scenario() -> StackState:
        async with running(settings, service("one", script, ends=True)):
            return await until(settings, lambda state: of(state).state is ServiceState.DONE)

    assert of(asyncio.run(scenario())).failures == 1


def test_a_service_starts_when_those_before_it_are_ready_and_all_stop_in_the_end(settings: StackSettings) -> None:
    order = "import time; open('{dir}/order', 'a').write('{name} ')\n"
    first = service("first", "import time; time.sleep(0.5)\n" + order + READY + WAIT)
    once = service("once", order, after=("first",), once=True)
    last = service("last", order + READY + WAIT, after=("once",))

    async def scenario() -> StackState:
        async with running(settings, first, once, last):
            return await until(settings, all_up)

    state = asyncio.run(scenario())
    assert (settings.data_dir / "order").read_text().split() == ["first", "once", "last"]
    assert of(state, "once").state is ServiceState.DONE
    assert process_of(of(state, "last").process) is None
    after = read_state(settings.state_file)
    assert after is not None
    assert {status.state for status in after.services.values()} == {ServiceState.STOPPED}


def test_a_service_that_dies_is_started_again_and_counted(settings: StackSettings) -> None:
    async def scenario() -> tuple[StackState, StackState]:
        async with running(settings, service("one")):
            before = await until(settings, all_up)
            process = process_of(of(before).process)
            assert process is not None
            process.kill()
            return before, await until(settings, lambda state: of(state).failures == 1 and all_up(state))

    before, after = asyncio.run(scenario())
    assert of(after).process != of(before).process
    assert of(after).reason == "ended by signal SIGKILL"


def test_what_a_dead_service_leaves_behind_is_ended(settings: StackSettings) -> None:
    child = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'], "
    script = child + "start_new_session=True)\n" + READY + WAIT

    async def scenario() -> tuple[list[psutil.Process], list[psutil.Process]]:
        async with running(settings, service("one", script)) as token:
            state = await until(settings, all_up)
            before = marked(token)
            process = process_of(of(state).process)
            assert process is not None
            process.kill()
            await until(settings, lambda state: of(state).failures == 1 and all_up(state))
            return before, marked(token)

    before, after = asyncio.run(scenario())
    assert (len(before), len(after)) == (2, 2)
    assert not set(before) & set(after)
    assert not any(process.is_running() for process in after)


def test_a_service_that_ignores_the_signal_is_ended(settings: StackSettings) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + READY + "while True: signal.pause()\n"

    async def scenario() -> StackState:
        async with running(settings, service("one", deaf, stop_limit=0.3)):
            return await until(settings, all_up)

    assert process_of(of(asyncio.run(scenario())).process) is None


@pytest.mark.parametrize(
    ("script", "limit", "reason"),
    [
        ("raise SystemExit(7)", 5.0, "ended with status 7"),
        (WAIT, 0.5, "was not ready within 0 s"),
    ],
)
def test_a_service_that_does_not_get_ready_says_why(
    settings: StackSettings, script: str, limit: float, reason: str
) -> None:
    async def scenario() -> StackState:
        async with running(settings, service("one", script, ready_limit=limit)):
            return await until(settings, lambda state: of(state).failures > 0)

    assert of(asyncio.run(scenario())).reason == reason


def test_a_command_that_is_not_there_is_a_reason(settings: StackSettings) -> None:
    missing = Service("one", lambda settings: ["/no/such/command"], lambda settings, pid: False)

    async def scenario() -> StackState:
        async with running(settings, missing):
            return await until(settings, lambda state: of(state).failures > 0)

    assert "ended with status 1" in of(asyncio.run(scenario())).reason
    assert "No such file" in (settings.log_dir / "one.log").read_text()


def test_ending_processes_leaves_us_out() -> None:
    end([psutil.Process()], 0.1)
