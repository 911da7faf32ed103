"""Owns which stack a benchmark asks: the one that runs here, or one of its own."""

import contextlib
from collections.abc import Iterator

from stack.settings import StackSettings
from stack.state import read_state
from stack.trial import trial


@contextlib.contextmanager
def running(workers: int) -> Iterator[StackSettings]:
    """The stack that runs here, or one for this benchmark."""
    settings = StackSettings()
    state = read_state(settings.state_file)
    if state is not None and state.running:
        yield settings
        return
    print("starting a stack for the benchmark", flush=True)
    with trial(workers=workers) as own:
        yield own.settings
