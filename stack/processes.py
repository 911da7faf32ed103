"""Owns what can be asked of, and done to, processes: is it ours, which belong to it, end them."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from pipeline.identity import Identity, process_of
from stack.settings import TOKEN_VARIABLE

LEASH = Path(__file__).with_name("leash.py")
KILL_SECONDS = 5.0


def family(identity: Identity | None) -> list[psutil.Process]:
    """The process and all that descend from it."""
    process = process_of(identity)
    if process is None:
        return []
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return [process]


def marked(token: str, service: str = "") -> list[psutil.Process]:
    """Every process that was started with this token: also one whose parents are gone."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            environment = process.environ()
            wanted = environment.get(TOKEN_VARIABLE) == token and process.status() != psutil.STATUS_ZOMBIE
            if wanted and service in ("", environment.get("FRAMEWISE_STACK_SERVICE")):
                found.append(process)
    return found


def memory(processes: Iterable[psutil.Process]) -> int:
    """Bytes of memory; what several share is counted once where the system tells."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            try:
                total += getattr(process.memory_full_info(), "pss", 0) or process.memory_info().rss
            except psutil.AccessDenied:
                total += process.memory_info().rss
    return total


def end(processes: Iterable[psutil.Process], seconds: float) -> None:
    """Ask processes to end, and end those that have not after `seconds`. Our own process is left out."""
    ours = [process for process in processes if process.pid != os.getpid()]
    for process in ours:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, alive = psutil.wait_procs(ours, timeout=seconds)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=KILL_SECONDS)


@dataclass(frozen=True, slots=True)
class Child:
    """A running child of the supervisor, and the task that writes down what it says."""

    process: asyncio.subprocess.Process
    identity: Identity
    pump: "asyncio.Task[None]"

    async def wait(self) -> int:
        """Its exit status, once it has ended."""
        return await self.process.wait()


async def start(command: list[str], environment: dict[str, str], cwd: Path, write: Callable[[bytes], None]) -> Child:
    """Start a child in a session of its own; `write` gets its output. Raises OSError."""
    # A pipe of our own: with asyncio's, a dead child is not seen before everything that holds its output has ended.
    reading, writing = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-S", "-E", str(LEASH), *command],
            env=environment | {"FRAMEWISE_STACK_PARENT": str(os.getpid())},
            cwd=cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            start_new_session=True,
        )
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    identity = Identity.of(process.pid) or Identity(process.pid, 0.0)
    return Child(process, identity, asyncio.create_task(_pump(reading, write)))


async def _pump(descriptor: int, write: Callable[[bytes], None]) -> None:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
    try:
        while chunk := await reader.read(65536):
            write(chunk)
    finally:
        transport.close()


async def stop(child: Child, service: str, token: str, seconds: float) -> None:
    """Ask the child to end, then end it and everything that it left behind, also when it is stopped."""
    members = await asyncio.to_thread(family, child.identity)
    if child.process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(child.process.wait(), seconds)
    if child.process.returncode is None:
        # By asyncio, which waits for it: psutil would take its exit status away.
        with contextlib.suppress(ProcessLookupError):
            child.process.kill()
    left = await asyncio.to_thread(_left_behind, members, service, token)
    await asyncio.to_thread(end, [process for process in left if process.pid != child.identity.pid], 2.0)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(child.process.wait(), KILL_SECONDS)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(child.pump, 2.0)


def _left_behind(members: list[psutil.Process], service: str, token: str) -> list[psutil.Process]:
    """Who is left: members may have changed their environment, and others have been born since."""
    found = {process.pid: process for process in [*members, *marked(token, service)] if process.is_running()}
    return list(found.values())
