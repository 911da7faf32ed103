"""Owns how far a container has been read, and whether it ends before the end that it promises."""

from __future__ import annotations  # av's packets are generic for the type checker only

from fractions import Fraction

from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

TOLERATED_SHORTFALL = Fraction(1, 20)
LEAST_SHORTFALL = Fraction(1)


class Extent:
    """The end of the last packet of any stream; tell it of all of them."""

    def __init__(self, container: InputContainer) -> None:
        self._container = container
        self._until: dict[Fraction, int] = {}

    def note(self, packet: Packet[Stream]) -> None:
        """A packet has been read."""
        if packet.pts is not None and packet.time_base is not None:
            end = packet.pts + (packet.duration or 0)
            if end > self._until.get(packet.time_base, 0):
                self._until[packet.time_base] = end

    def ends_early(self) -> Fraction | None:
        """Seconds from the container's start at which it ends, when much is missing; None when it is whole."""
        promised = self._container.duration
        if not promised or promised <= 0:
            return None
        end = max((end * base for base, end in self._until.items()), default=Fraction(0))
        until = end - Fraction(self._container.start_time or 0, 1_000_000)
        total = Fraction(promised, 1_000_000)
        return until if total - until > max(LEAST_SHORTFALL, total * TOLERATED_SHORTFALL) else None
