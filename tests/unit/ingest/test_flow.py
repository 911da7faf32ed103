"""How far publishing runs ahead."""

import threading
from uuid import uuid4

import pytest

from ingest.flow import FrameFlow
from ingest.halt import Halt, Halted, HaltReason
from pipeline.contracts.errors import StoreUnavailable
from tests.unit.factories import a_frame
from tests.unit.ingest.benches import HeldPublisher
from tests.waiting import wait_until

VIDEO = uuid4()


class Counter:
    """How many frames have an outcome."""

    def __init__(self) -> None:
        self.total = 0
        self.asked = 0

    def __call__(self) -> int:
        self.asked += 1
        return self.total


def a_flow(publisher: HeldPublisher, counter: Counter, halt: Halt, in_flight: int = 100, most: int = 1000) -> FrameFlow:
    return FrameFlow(publisher, halt, lambda: in_flight, counter, lambda: None, most, ledger_seconds=0.02)


def test_published_through_is_below_the_first_that_is_not_acknowledged() -> None:
    publisher = HeldPublisher()
    flow = a_flow(publisher, Counter(), Halt())
    assert (flow.published, flow.published_through) == (0, 0)
    for number in (1, 4, 7):
        flow.publish(a_frame(VIDEO, number, b"x"))
    assert (flow.published, flow.published_through) == (0, 0)
    publisher.release(4)
    assert (flow.published, flow.published_through) == (1, 0)
    publisher.release(1)
    assert (flow.published, flow.published_through) == (2, 6)
    publisher.release(7)
    assert (flow.published, flow.published_through) == (3, 7)


def test_waits_for_the_broker_by_bytes() -> None:
    publisher = HeldPublisher()
    flow = a_flow(publisher, Counter(), Halt(), most=10)
    flow.publish(a_frame(VIDEO, 1, b"x" * 8))
    flow.publish(a_frame(VIDEO, 2, b"x" * 8))
    thread = threading.Thread(target=flow.publish, args=(a_frame(VIDEO, 3, b"x"),))
    thread.start()
    thread.join(0.3)
    assert thread.is_alive()
    publisher.release(1)
    thread.join(5)
    assert [frame.frame_number for frame in publisher.frames] == [1, 2, 3]


def test_waits_for_the_analysis_by_frames() -> None:
    publisher, counter = HeldPublisher(), Counter()
    flow = a_flow(publisher, counter, Halt(), in_flight=3)
    flow.skip(1)
    for number in (2, 3):
        flow.publish(a_frame(VIDEO, number, b"x"))
    thread = threading.Thread(target=flow.publish, args=(a_frame(VIDEO, 4, b"x"),))
    thread.start()
    wait_until(lambda: counter.asked > 2)
    assert len(publisher.frames) == 2
    counter.total = 1
    thread.join(5)
    assert len(publisher.frames) == 3


def test_a_frame_that_is_not_acknowledged_ends_it() -> None:
    publisher = HeldPublisher()
    flow = a_flow(publisher, Counter(), Halt())
    flow.publish(a_frame(VIDEO, 1, b"x"))
    publisher.release(1, error=TimeoutError("no broker"))
    with pytest.raises(StoreUnavailable, match="no broker"):
        flow.drain()
    assert flow.published_through == 0


@pytest.mark.parametrize("in_flight", [1, 100])
def test_stops_when_told(in_flight: int) -> None:
    halt = Halt()
    flow = a_flow(HeldPublisher(), Counter(), halt, in_flight=in_flight, most=1)
    flow.publish(a_frame(VIDEO, 1, b"x"))
    threading.Timer(0.1, halt.raise_flag, (HaltReason.LEASE_LOST,)).start()
    with pytest.raises(Halted, match="lease"):
        flow.publish(a_frame(VIDEO, 2, b"x"))
