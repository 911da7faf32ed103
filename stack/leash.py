"""Owns the tie between a child and the supervisor: on Linux, a child is asked to end when its parent has died.

Runs as a script: `python leash.py COMMAND…` becomes COMMAND.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(command: list[str]) -> None:
    """Become `command`; never returns."""
    parent = os.environ.get("FRAMEWISE_STACK_PARENT", "")
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if parent and os.getppid() != int(parent):
            sys.exit("the supervisor has gone")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
