"""Looks at processes that may end while they are looked at."""

import psutil


def command_line(process: psutil.Process) -> str:
    """Its words with spaces between; of one that has ended meanwhile none."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
