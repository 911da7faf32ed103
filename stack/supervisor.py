"""Owns the background process that runs the services: in order, again when one dies or hangs, until all are stopped."""

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from pipeline.contracts.errors import StackError
from pipeline.identity import Identity
from stack import processes
from stack.liveness import AwakeClock, until_silent
from stack.logs import RotatingLog
from stack.processes import Child
from stack.services import SERVICES, Service, chosen
from stack.settings import TOKEN_VARIABLE, StackSettings, child_environment, effective
from stack.state import ServiceState, ServiceStatus, StackState, write_state

log = logging.getLogger("stack.supervisor")

ASK_INTERVAL = 0.25
STEADY_SECONDS = 60.0
"""A service that was ready for so long starts its back-off anew."""
HUNG_SECONDS = 2.0
"""What a service that hangs is given to end by itself."""

T = TypeVar("T")


class Supervisor:
    """Runs until it is told to stop; `run` then returns with every child ended."""

    def __init__(self, settings: StackSettings, services: tuple[Service, ...], token: str) -> None:
        self._settings, self._services, self._token = settings, services, token
        self._up = {service.name: asyncio.Event() for service in services}
        self._stop = asyncio.Event()
        self._clock = AwakeClock()
        ports = {s.name: tuple(int(getattr(settings, port)) for port in s.ports) for s in services}
        statuses = {service.name: ServiceStatus(ports=ports[service.name]) for service in services}
        me = Identity.of(os.getpid()) or Identity(os.getpid(), 0.0)
        self._state = StackState(me, token, effective(settings), statuses)

    def stop(self) -> None:
        """Ask `run` to return."""
        self._stop.set()

    async def run(self) -> None:
        """Keep every service running until `stop`, then end them, the last one first."""
        self._write()
        counting = asyncio.create_task(self._clock.run())
        tasks = {service.name: asyncio.create_task(self._keep(service)) for service in self._services}
        await self._stop.wait()
        counting.cancel()
        log.info("stopping")
        for service in reversed(self._services):
            tasks[service.name].cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await tasks[service.name]
            self._set(service, state=ServiceState.STOPPED, process=None)
        await asyncio.to_thread(processes.end, processes.marked(self._token), 2.0)
        log.info("stopped")

    async def _keep(self, service: Service) -> None:
        for name in service.after:
            if name in self._up:
                await self._up[name].wait()
        pause = 1.0
        while True:
            began = time.monotonic()
            reason = await self._run_once(service)
            if not reason:
                self._set(service, state=ServiceState.DONE, process=None, seconds=time.monotonic() - began)
                self._up[service.name].set()
                return
            pause = 1.0 if time.monotonic() - began > STEADY_SECONDS else pause
            log.warning("%s %s; starting it again in %.0f s", service.name, reason, pause)
            failures = self._state.services[service.name].failures + 1
            self._set(service, state=ServiceState.RESTARTING, process=None, failures=failures, reason=reason)
            await asyncio.sleep(pause)
            pause = min(pause * 2, service.backoff_limit)

    async def _run_once(self, service: Service) -> str:
        """Run the service until it ends or hangs. Why that is wrong; empty where it is as it should be."""
        began = time.monotonic()
        try:
            child = await self._start(service)
        except (OSError, StackError, StopIteration) as e:
            return f"could not be started: {e}"
        ended = asyncio.create_task(child.wait())
        grace = service.stop_limit
        try:
            if await _unless(ended, self._until_ready(service, child), service.ready_limit):
                self._note_ready(service, time.monotonic() - began)
                if silence := await _unless(ended, until_silent(service, self._settings, self._clock)):
                    grace = HUNG_SECONDS
                    return silence
            if not ended.done():
                return f"was not ready within {service.ready_limit:.0f} s"
            status = ended.result()
            return "" if (service.once or service.ends) and status == 0 else f"ended {_how(status)}"
        finally:
            ended.cancel()
            await processes.stop(child, service.name, self._token, grace)

    def _note_ready(self, service: Service, seconds: float) -> None:
        log.info("%s is ready after %.1f s", service.name, seconds)
        self._set(service, state=ServiceState.READY, seconds=seconds)
        self._up[service.name].set()

    async def _start(self, service: Service) -> Child:
        self._set(service, state=ServiceState.STARTING)
        (self._settings.run_dir / f"{service.name}.ready").unlink(missing_ok=True)
        await asyncio.to_thread(service.prepare, self._settings)
        command = await asyncio.to_thread(service.command, self._settings)
        environment = child_environment(self._settings, self._token) | service.variables(self._settings)
        environment["FRAMEWISE_STACK_SERVICE"] = service.name
        file = RotatingLog(
            self._settings.log_dir / f"{service.name}.log", self._settings.log_bytes, self._settings.log_files
        )
        self._settings.work_dir.mkdir(parents=True, exist_ok=True)
        child = await processes.start(command, environment, self._settings.work_dir, file.write)
        log.info("%s runs as process %d", service.name, child.identity.pid)
        self._set(service, process=child.identity)
        return child

    async def _until_ready(self, service: Service, child: Child) -> bool:
        while True:
            with contextlib.suppress(Exception):  # not yet: whatever the server or its client says, it is asked again
                if await asyncio.to_thread(service.ready, self._settings, child.identity.pid):
                    return True
            await asyncio.sleep(ASK_INTERVAL)

    def _set(self, service: Service, **changes: object) -> None:
        self._state = self._state.with_service(service.name, **changes)
        self._write()

    def _write(self) -> None:
        try:
            write_state(self._settings.state_file, self._state)
        except OSError as e:
            log.warning("the state cannot be written: %s", e)


async def _unless(ended: "asyncio.Task[int]", other: Coroutine[Any, Any, T], limit: float | None = None) -> T | None:
    """What `other` comes to; None when the process ends before, or the limit is reached."""
    task = asyncio.create_task(other)
    try:
        await asyncio.wait({ended, task}, timeout=limit, return_when="FIRST_COMPLETED")
        return task.result() if task.done() and not ended.done() else None
    finally:
        task.cancel()


def _how(status: int) -> str:
    return f"with status {status}" if status >= 0 else f"by signal {signal.Signals(-status).name}"


async def supervise(settings: StackSettings, services: tuple[Service, ...], token: str) -> None:
    """Run the services until SIGTERM or SIGINT."""
    supervisor = Supervisor(settings, services, token)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    await supervisor.run()


def detach() -> None:
    """Go on as a process that belongs to nobody; who started this one reads the new process id and waits no more."""
    if pid := os.fork():
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        os._exit(0)
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def main() -> int:
    """The supervisor of the services that the environment names."""
    detach()
    settings = StackSettings()
    handler = logging.StreamHandler(_LogStream(settings))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", handlers=[handler])
    for noisy in ("kafka", "cassandra", "httpx"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    # Nobody of an earlier start runs any more: what it measured begins anew.
    shutil.rmtree(settings.data_dir / "metrics", ignore_errors=True)
    asyncio.run(supervise(settings, chosen(settings, SERVICES), os.environ[TOKEN_VARIABLE]))
    return 0


class _LogStream:
    """A text stream into the supervisor's rotated log."""

    def __init__(self, settings: StackSettings) -> None:
        self._log = RotatingLog(settings.log_dir / "supervisor.log", settings.log_bytes, settings.log_files)

    def write(self, text: str) -> None:
        self._log.write(text.encode())

    def flush(self) -> None:
        """Every write is already in the file."""


if __name__ == "__main__":
    sys.exit(main())
