"""Owns finding a service that hangs: it is asked for a sign of life, and the time without one is counted."""

import asyncio
import logging
import time

from stack.services import Service
from stack.settings import StackSettings

log = logging.getLogger("stack.liveness")

TICK = 0.5
QUESTIONS = 6
"""How often a service is asked within the limit."""
LONGEST_REASON = 200


class AwakeClock:
    """Counts the seconds in which this process ran.

    While the machine sleeps, or this process is stopped or starved, nobody's answer is heard: that time must not be
    held against the services.
    """

    def __init__(self) -> None:
        self.seconds = 0.0

    async def run(self) -> None:
        """Count until cancelled."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(TICK)
            self.seconds += min(time.monotonic() - before, 2 * TICK)


async def until_silent(service: Service, settings: StackSettings, clock: AwakeClock) -> str:
    """Ask the service again and again; why it counts as hanging, once it does.

    A single question has half the limit to be answered: a machine under load is slow, not dead.
    """
    limit = settings.liveness_seconds
    good = clock.seconds
    while True:
        await asyncio.sleep(limit / QUESTIONS)
        why = await _ask(service, settings, limit / 2)
        silent = clock.seconds - good
        if not why:
            good = clock.seconds
        elif silent >= limit:
            return f"gave no sign of life for {silent:.0f} s ({why})"
        else:
            log.info("%s does not answer: %s", service.name, why)


async def _ask(service: Service, settings: StackSettings, seconds: float) -> str:
    """Why the service did not answer well; empty when it did."""
    try:
        # The question owes its answer in time; what it does not keep to is not waited for.
        alive = await asyncio.wait_for(asyncio.to_thread(service.alive, settings, seconds), 2 * seconds)
    except TimeoutError:
        return f"no answer within {2 * seconds:g} s"
    except Exception as e:  # noqa: BLE001 - whatever the server or its client says is the reason
        return f"{type(e).__name__}: {e}"[:LONGEST_REASON]
    return "" if alive else "it says that it does not work"
