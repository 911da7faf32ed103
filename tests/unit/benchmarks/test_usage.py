import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.usage import Usage
from tests.waiting import wait_until

HELD = 200 * 2**20
NEVER = 60.0
"""Seconds: no look between the first and the last."""
HOLDING = f"held = b'x' * {HELD}; print('ready', flush=True); input()"


@contextmanager
def holding() -> Iterator[None]:
    """A process of its own with so many resident bytes."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLDING], stdin=pipe, stdout=pipe, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        try:
            yield
        finally:
            child.communicate("\n")


def test_who_was_there_before_is_counted_at_once() -> None:
    with holding(), Usage({"us": os.getpid()}, NEVER) as seen:
        assert seen.total_peak >= HELD


def test_who_started_meanwhile_is_not_counted_at_the_first_look() -> None:
    with ExitStack() as until_the_last_look, Usage({"us": os.getpid()}, NEVER) as seen:
        began = seen.total_peak
        until_the_last_look.enter_context(holding())
    assert seen.total_peak < began + HELD / 2


def test_who_started_meanwhile_is_counted_from_the_second_look_on() -> None:
    with Usage({"us": os.getpid()}, every=0.05) as seen:
        began = seen.total_peak
        with holding():
            wait_until(lambda: seen.total_peak >= began + HELD / 2, 20)
    assert seen.total_peak >= began + HELD / 2
    assert sum(seen.peaks()["us"]) >= began + HELD / 2
