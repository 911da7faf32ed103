"""Owns when a video counts as given up: its frames have stopped arriving, and nothing older explains it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a processing video stands: frames with an outcome, and frames published without one."""

    video_id: UUID
    done: int
    outstanding: int
    attempt: int = 1


class StallWatch:
    """Remembers when frames last arrived. Videos are worked off roughly in order, so a video's patience starts
    anew when one of its own frames arrives, or one of a video submitted before it, and with another attempt.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._done: dict[tuple[UUID, int], int] = {}
        self._since: dict[tuple[UUID, int], float] = {}

    def observe(self, now: float, arrivals: Iterable[Arrival]) -> list[UUID]:
        """The videos that have stalled; give all processing ones, oldest first, and the time in seconds."""
        stalled: list[UUID] = []
        known: set[tuple[UUID, int]] = set()
        moved = False
        for arrival in arrivals:
            this = arrival.video_id, arrival.attempt
            known.add(this)
            moved = moved or self._done.get(this) != arrival.done
            self._done[this] = arrival.done
            if moved or arrival.outstanding <= 0:
                self._since[this] = now
            elif now - self._since[this] >= self._seconds:
                stalled.append(arrival.video_id)
        for gone in self._done.keys() - known:
            del self._done[gone], self._since[gone]
        return stalled
