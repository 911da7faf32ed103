"""Owns what a child process gives up before it sees the first byte of a stranger: network, programs, files, rights.

Each measure is taken as far as the platform allows it; what could not be had is told, with the reason.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.sandbox import landlock, seccomp
from pipeline.sandbox.confinement import Confinement
from pipeline.sandbox.syscalls import checked, libc

NEW_USER, NEW_NETWORK, NEW_IPC, NEW_UTS = 0x10000000, 0x40000000, 0x08000000, 0x04000000
PR_SET_NO_NEW_PRIVS = 38
CAPABILITY_VERSION = 0x20080522
LIMITS = ("memory", "processor", "open files")


@dataclass(frozen=True, slots=True)
class Measure:
    """A means, what it sees to, and how it is taken; `take` raises OSError where it cannot be had."""

    name: str
    effects: tuple[str, ...]
    take: Callable[[], None]


def seal(measures: Sequence[Measure] | None = None) -> Confinement:
    """Confine this process for good; libraries are loaded before. What is in force, and what is not and why.

    All measures are taken unless some are given.
    """
    in_force = {limit: ["rlimit"] for limit in LIMITS}
    missing = {}
    for measure in MEASURES if measures is None else measures:
        try:
            measure.take()
        except OSError as e:
            missing[measure.name] = e.strerror or str(e)
        else:
            for effect in measure.effects:
                in_force.setdefault(effect, []).append(measure.name)
    return Confinement(in_force, missing)


def _leave_network() -> None:
    """Namespaces of its own, without any interface or address; as an ordinary user too, where the kernel lets."""
    checked(libc().unshare(NEW_USER | NEW_NETWORK | NEW_IPC | NEW_UTS))


def _drop_privileges() -> None:
    """No capabilities, neither those of root nor those that the new namespace gave, and no way to new ones."""
    checked(libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _check_alone()
    checked(libc().capset(struct.pack("=Ii", CAPABILITY_VERSION, 0), bytes(24)))


def _close_files() -> None:
    """No file but the libraries' own, as far as it is not open already."""
    _check_alone()
    landlock.install()


def _check_alone() -> None:
    """Raise OSError when libraries have started threads: these would keep what this one gives up."""
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        raise OSError("a library has started threads before")


MEASURES = (
    Measure("namespace", ("no network",), _leave_network),
    Measure("capabilities", ("no privileges",), _drop_privileges),
    Measure("landlock", ("no reading beyond libraries", "no writing", "no programs"), _close_files),
    Measure("seccomp", ("no network", "no writing", "no programs", "no other processes"), seccomp.install),
)
ALL_BUT_NETWORK = (
    MEASURES[1],
    MEASURES[2],
    Measure("seccomp", ("no writing", "no programs", "no other processes"), lambda: seccomp.install(network=True)),
)
"""For a process that speaks to one address, which its parent has checked."""
WITH_THREADS = (MEASURES[1], MEASURES[3])
"""For a process whose libraries have started threads by then: the filter of system calls holds for all of them."""
