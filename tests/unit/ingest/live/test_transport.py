"""What lay ready when a stream was opened is dated as if it had come without delay."""

import itertools
from collections.abc import Iterator
from fractions import Fraction

from ingest.live.packets import Packet
from ingest.live.transport import backdated
from tests.clock import Clock

MS = Fraction(1, 1000)


def stream(clock: Clock, ready: int, pauses: list[float]) -> Iterator[Packet]:
    """Packets of ten a second: so many lie ready, the others come after these pauses."""
    for number, pause in enumerate([0.001] * ready + pauses):
        clock.now += pause
        yield Packet(b"x", number * 100, number * 100, round(clock.now * 1_000_000))


def test_a_burst_is_dated_back_by_the_packet_that_is_the_least_late() -> None:
    clock = Clock(50.0)
    packets = list(backdated(stream(clock, 8, [0.1] * 30), MS, clock))
    assert [packet.pts for packet in packets] == list(range(0, 3800, 100))
    steps = {b.arrived_at - a.arrived_at for a, b in itertools.pairwise(packets)}
    assert steps == {100_000}
    assert packets[7].arrived_at <= 50_008_001


def test_a_machine_that_stutters_does_not_end_the_burst_too_soon() -> None:
    clock = Clock(50.0)
    stutter = [0.001, 0.02, 0.001, 0.03, 0.001, 0.001]
    packets = list(backdated(stream(clock, 3, [*stutter, *[0.1] * 20]), MS, clock))
    times = [packet.arrived_at for packet in packets]
    assert {b - a for a, b in itertools.pairwise(times)} == {100_000}


def test_a_slow_source_is_held_for_a_packet_at_most() -> None:
    clock = Clock(50.0)
    source = backdated(stream(clock, 1, [5.0, 5.0]), MS, clock)
    assert next(source).pts == 0
    assert clock.now < 55.1


def test_a_source_without_times_passes_as_it_is() -> None:
    packets = [Packet(b"x", None, None, 7), Packet(b"y", None, None, 8)]
    assert list(backdated(iter(packets), MS, Clock(0.0))) == packets
