"""Owns what the process that encodes may use, and that it dies with the service. Linux; a part of it elsewhere."""

import ctypes
import os
import resource
import signal
import sys

from api.clips.messages import ClipRequest

PR_SET_PDEATHSIG = 1
NICE = 10
OPEN_FILES = 64


def confine(request: ClipRequest, parent: int) -> None:
    """Let others go first; limit memory, processor time, the file and how many of them are open."""
    os.nice(NICE)
    for kind, limit in (
        (resource.RLIMIT_AS, request.memory_bytes),
        (resource.RLIMIT_CPU, request.cpu_seconds),
        (resource.RLIMIT_FSIZE, request.max_bytes),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (allowed, allowed))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
