"""The process that makes tracks ends well, by itself and with who has started it."""

import subprocess
import sys

ENDS = """
import threading
from tracking.main import _hear_the_end
threading.Thread(target=_hear_the_end, args=(threading.Event(),), daemon=True).start()
"""
HEARS = """
import threading
from tracking.main import _hear_the_end
stop = threading.Event()
_hear_the_end(stop)
assert stop.is_set()
"""


def child(code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=subprocess.PIPE)


def test_it_ends_by_itself_while_its_input_is_open() -> None:
    with child(ENDS) as process:
        assert process.wait(60) == 0


def test_it_hears_that_its_input_has_closed() -> None:
    with child(HEARS) as process:
        process.communicate(timeout=60)
        assert process.returncode == 0
