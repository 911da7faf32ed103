import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from benchmarks import usage
from benchmarks.usage import Usage

HELD = 200 * 2**20
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


def test_who_was_there_before_is_counted_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "SAMPLE_SECONDS", 60.0)
    with holding(), Usage({"us": os.getpid()}) as seen:
        assert seen.total_peak >= HELD


def test_who_started_meanwhile_is_not_counted_at_the_first_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "SAMPLE_SECONDS", 60.0)
    with ExitStack() as until_the_last_look, Usage({"us": os.getpid()}) as seen:
        began = seen.total_peak
        until_the_last_look.enter_context(holding())
    assert seen.total_peak < began + HELD / 2


def test_who_started_meanwhile_is_counted_from_the_second_look_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "SAMPLE_SECONDS", 0.05)
    with Usage({"us": os.getpid()}) as seen:
        began, until = seen.total_peak, time.monotonic() + 20
        with holding():
            while seen.total_peak < began + HELD / 2 and time.monotonic() < until:
                time.sleep(0.05)
    assert seen.total_peak >= began + HELD / 2
    assert sum(seen.peaks()["us"]) >= began + HELD / 2
