"""Owns the keys that are pressed while something is shown: read at once, and the terminal is left as it was."""

import os
import select
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

QUIT = (b"q", b"Q")


@contextmanager
def single_keys() -> Iterator[bool]:
    """Keys without Return, and without showing them; whether there are any to be read."""
    try:
        import termios
        import tty

        kept = termios.tcgetattr(sys.stdin.fileno())
    except (ImportError, OSError, ValueError, AttributeError):  # another system, or no terminal
        yield False
        return
    except termios.error:
        yield False
        return
    try:
        tty.setcbreak(sys.stdin.fileno())
        yield True
    finally:
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, kept)


def quit_within(seconds: float, keys: bool) -> bool:
    """Wait so long, or until q is pressed; whether it was."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if not keys:
            time.sleep(left)
            return False
        if select.select([sys.stdin], [], [], left)[0]:
            pressed = os.read(sys.stdin.fileno(), 1)
            if pressed in QUIT or not pressed:
                return True
    return False
