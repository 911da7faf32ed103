"""Owns the numbers of a live video's frames: they go on over connections, processes and attempts, and never repeat."""

from collections.abc import Callable

BLOCK = 1000
"""So many numbers are reserved at once: what a process that dies has not used of them is passed over."""


class FrameNumbers:
    """Turns a connection's own count (1, 2, …) into numbers of the video. For one thread.

    `reserve` writes down that numbers up to this one may be given away from now on; it is called before they are, and
    has written when it returns. With a `step`, each connection begins where frames are taken: at 1 and every step on.
    """

    def __init__(self, numbered_through: int, step: int, reserve: Callable[[int], None]) -> None:
        self._reserved = self._used = self._base = numbered_through
        self._step = step
        self._reserve = reserve

    def connect(self) -> None:
        """Another connection begins to count from 1."""
        self._base = -(-self._used // self._step) * self._step

    def of(self, count: int) -> int:
        """The number of the frame that is the connection's `count`th; raises what `reserve` raises."""
        return self.given(self._base + count)

    def given(self, number: int) -> int:
        """A number that the source has given; raises what `reserve` raises."""
        self._used = max(self._used, number)
        if number > self._reserved:
            self._reserve(number + BLOCK)
            self._reserved = number + BLOCK
        return number

    @property
    def used(self) -> int:
        """The highest number that was given away."""
        return self._used
