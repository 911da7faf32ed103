"""Owns what is known of a camera."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Device:
    """A camera of this machine. `trouble` says why it cannot be used, in words; None when it can."""

    path: str
    name: str = ""
    modes: tuple[str, ...] = ()
    trouble: str | None = None
