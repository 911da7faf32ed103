"""Owns `./run.sh workers`: how many there are, and another number of them while the analysis runs."""

import time
from collections.abc import Callable

from pipeline import workforce
from pipeline.contracts.errors import StackError
from pipeline.workforce import Workforce
from stack.settings import StackSettings
from stack.state import read_state

Say = Callable[[str], None]

CHANGE_SECONDS = 180.0
"""A worker loads its models, and the micro-batch that runs is ended first."""
POLL_SECONDS = 0.2


def describe(settings: StackSettings) -> str:
    """How the analysis is manned, in words."""
    there = workforce.said(settings.data_dir)
    if there is None:
        return "not known yet"
    text = f"{there.working} for files, {there.live} for live frames"
    return text if there.wanted == there.working else f"{text}; {there.wanted} are wanted{_reason(there)}"


def show(settings: StackSettings, say: Say) -> int:
    """Say how many there are, or will be."""
    if runs(settings):
        say(describe(settings))
    else:
        asked = workforce.asked_for(settings.data_dir)
        say(f"the analysis does not run; it will start with {asked or settings.workers}")
    return 0


def change(settings: StackSettings, number: int, say: Say) -> int:
    """Have so many for files from now on, and wait until there are. Raises StackError."""
    if number < 1:
        raise StackError(f"{number} workers cannot be; there is one at least")
    if not runs(settings):
        workforce.ask_for(settings.data_dir, number)
        say(f"the analysis does not run; it will start with {number}")
        return 0
    there = _said(settings)
    if there.fixed:
        raise StackError(f"the number of workers cannot be changed: {there.why}")
    if number > there.most:
        raise StackError(f"there may be {there.most} workers at most, not {number}{_limit(settings, there)}")
    workforce.ask_for(settings.data_dir, number)
    began = time.monotonic()
    while there.working != number or there.wanted != number:
        if not runs(settings):
            raise StackError("the analysis has ended meanwhile; see ./run.sh status")
        if time.monotonic() - began > CHANGE_SECONDS:
            raise StackError(f"there are {describe(settings)} after {CHANGE_SECONDS:.0f} s; see ./run.sh logs analysis")
        time.sleep(POLL_SECONDS)
        there = _said(settings)
    say(f"{describe(settings)} ({time.monotonic() - began:.1f} s)")
    return 0


def runs(settings: StackSettings) -> bool:
    """Whether the analysis is up."""
    state = read_state(settings.state_file)
    analysis = state.services.get("analysis") if state is not None and state.running else None
    return analysis is not None and analysis.up


def _said(settings: StackSettings) -> Workforce:
    there = workforce.said(settings.data_dir)
    if there is None:
        raise StackError("the analysis does not say how many workers it has; see ./run.sh logs analysis")
    return there


def _reason(there: Workforce) -> str:
    return f": {there.why}" if there.why else ""


def _limit(settings: StackSettings, there: Workforce) -> str:
    if settings.spark_master:
        return ": the cluster has no more cores, or topic frames no more partitions"
    return f": topic frames has {there.most} partitions, and a worker needs one of its own"
