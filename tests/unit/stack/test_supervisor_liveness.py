"""The supervisor finds services that hang: real processes that are stopped, no servers."""

import asyncio
import os
import signal
import threading
import time
from dataclasses import replace

import psutil
import pytest

from pipeline.contracts.errors import StackError
from pipeline.identity import process_of
from stack.liveness import TICK, AwakeClock, until_silent
from stack.processes import marked
from stack.services import beating
from stack.settings import StackSettings
from stack.state import StackState
from tests.unit.stack.test_supervisor import READY, WAIT, all_up, of, running, service, settings, until

__all__ = ["settings"]

BEATING = """
import pathlib, subprocess, sys, time
from pipeline.readiness import beat
subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True)
beat(pathlib.Path("{dir}"), "{name}")
"""
GO_ON = """
while True:
    beat(pathlib.Path("{dir}"), "{name}")
    time.sleep(0.2)
"""


def impatient(settings: StackSettings, seconds: float) -> StackSettings:
    """The same with a limit that no person may set."""
    return settings.model_copy(update={"liveness_seconds": seconds})


def test_a_service_that_is_stopped_is_ended_with_its_family_and_started_again(settings: StackSettings) -> None:
    one = service("one", BEATING + READY + GO_ON, alive=beating("one"))

    async def scenario() -> tuple[list[psutil.Process], list[psutil.Process], StackState]:
        async with running(impatient(settings, 1.0), one) as token:
            state = await until(settings, all_up)
            before = marked(token)
            process = process_of(of(state).process)
            assert process is not None
            process.send_signal(signal.SIGSTOP)
            state = await until(settings, lambda state: of(state).failures == 1 and all_up(state))
            return before, marked(token), state

    before, after, state = asyncio.run(scenario())
    assert (len(before), len(after)) == (2, 2)
    assert not set(before) & set(after)
    assert of(state).reason.startswith("gave no sign of life for")
    assert "its last heartbeat was" in of(state).reason


def test_a_service_that_beats_is_left_alone(settings: StackSettings) -> None:
    one = service("one", BEATING + READY + GO_ON, alive=beating("one"))

    async def scenario() -> StackState:
        async with running(impatient(settings, 0.5), one):
            await until(settings, all_up)
            await asyncio.sleep(4.5)  # longer than a heartbeat may be old, and the limit
            return await until(settings, all_up)

    assert of(asyncio.run(scenario())).failures == 0


def test_a_service_that_answers_again_in_time_is_not_counted(settings: StackSettings) -> None:
    asked: list[float] = []

    def alive(settings: StackSettings, seconds: float) -> bool:
        asked.append(time.monotonic())
        if len(asked) % 5:
            raise StackError("not now")
        return True

    async def scenario() -> StackState:
        async with running(impatient(settings, 1.2), service("one", alive=alive)):
            await until(settings, lambda state: len(asked) > 20)
            return await until(settings, all_up)

    assert of(asyncio.run(scenario())).failures == 0


@pytest.mark.parametrize("answer", ["raises", "is wrong", "never comes"])
def test_a_bad_answer_is_the_reason(settings: StackSettings, answer: str) -> None:
    given_up = threading.Event()

    def alive(settings: StackSettings, seconds: float) -> bool:
        if answer == "raises":
            raise StackError("the disk has failed")
        return answer == "never comes" and given_up.wait(20)

    async def scenario() -> str:
        clock = AwakeClock()
        counting = asyncio.create_task(clock.run())
        try:
            wanted = replace(service("one"), alive=alive)
            return await asyncio.wait_for(until_silent(wanted, impatient(settings, 1.0), clock), 10)
        finally:
            counting.cancel()
            given_up.set()

    reason = asyncio.run(scenario())
    why = {"raises": "StackError: the disk has failed", "is wrong": "it says", "never comes": "no answer within 1 s"}
    assert why[answer] in reason


def test_time_in_which_the_supervisor_did_not_run_is_not_counted() -> None:
    async def scenario() -> float:
        clock = AwakeClock()
        counting = asyncio.create_task(clock.run())
        await asyncio.sleep(TICK / 2)
        time.sleep(2.5)  # noqa: ASYNC251 - as a machine that sleeps
        await asyncio.sleep(TICK / 2)
        counting.cancel()
        return clock.seconds

    assert asyncio.run(scenario()) <= 2 * TICK


def test_a_service_without_a_question_lives_while_its_process_does(settings: StackSettings) -> None:
    async def scenario() -> StackState:
        async with running(impatient(settings, 0.3), service("one", READY + WAIT)):
            state = await until(settings, all_up)
            process = of(state).process
            assert process is not None
            os.kill(process.pid, signal.SIGSTOP)
            await asyncio.sleep(1.5)
            state = await until(settings, all_up)
            os.kill(process.pid, signal.SIGCONT)
            return state

    assert of(asyncio.run(scenario())).failures == 0
