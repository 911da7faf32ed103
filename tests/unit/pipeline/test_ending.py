import signal
from collections.abc import Iterator

import pytest

from pipeline.ending import stop_on_signal

BOTH = (signal.SIGTERM, signal.SIGINT)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """The handlers of the test's own process, put back afterwards."""
    before = [signal.getsignal(number) for number in BOTH]
    yield
    for number, handler in zip(BOTH, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("number", BOTH, ids=lambda number: number.name)
def test_a_signal_is_heard_and_does_not_end_the_process(number: signal.Signals) -> None:
    stop = stop_on_signal()
    assert not stop.is_set()
    signal.raise_signal(number)
    assert stop.wait(5)
