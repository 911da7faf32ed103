"""Owns what a child is given on Linux before it begins: it is asked to end when its parent has died, and its naps.

Runs as a script: `python leash.py COMMAND…` becomes COMMAND.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_TIMERSLACK = 1, 29
TIMER_SLACK = "FRAMEWISE_STACK_TIMER_SLACK"
"""How many nanoseconds late the system may end a nap of this child's threads, so that they take fewer of them."""


def main(command: list[str]) -> None:
    """Become `command`; never returns."""
    parent = os.environ.get("FRAMEWISE_STACK_PARENT", "")
    if sys.platform == "linux":
        library = ctypes.CDLL(None, use_errno=True)
        library.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if slack := os.environ.pop(TIMER_SLACK, ""):
            library.prctl(PR_SET_TIMERSLACK, ctypes.c_ulong(int(slack)))
        if parent and os.getppid() != int(parent):
            sys.exit("the supervisor has gone")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
