"""Owns what the decoding child may use, and that it dies with its parent. Linux; a part of it elsewhere."""

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1
CPU_SECONDS_PER_MEDIA_SECOND = 16
OPEN_FILES = 64


def confine(memory_bytes: int, max_duration: float, parent: int) -> None:
    """Limit this process: address space (bytes), processor time, open files, no file written, no core.

    The processor time follows from the longest video allowed (seconds): a backstop, the parent's patience is shorter.
    """
    cpu = int(max_duration * CPU_SECONDS_PER_MEDIA_SECOND) + 600
    for kind, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _lower(kind, limit)
    if sys.platform == "linux":
        _die_with_parent(parent)


def _lower(kind: int, limit: int) -> None:
    _, hard = resource.getrlimit(kind)
    allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(kind, (allowed, allowed))


def _die_with_parent(parent: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
