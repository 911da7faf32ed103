"""What the process that looks at photos may not do any more, tried in one of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.decode.spawning import ENVIRONMENT

TRIAL = """
import errno, json, socket, subprocess, sys, threading
from inference.portraits.__main__ import confine

def tried(act):
    try:
        act()
    except OSError as e:
        return errno.errorcode[e.errno]
    return "done"

go, said = threading.Event(), {}
def later():
    go.wait(10)
    said["a library's thread dials"] = tried(lambda: socket.create_connection(("127.0.0.1", 9), 2))
library = threading.Thread(target=later)
library.start()
confine()
go.set()
library.join()
said["dials"] = tried(lambda: socket.create_connection(("127.0.0.1", 9), 2))
said["runs a program"] = tried(lambda: subprocess.run(["/bin/true"]))
said["writes"] = tried(lambda: open(sys.argv[1], "w"))
said["starts a thread"] = tried(threading.Thread(target=print).start)
said["reads a library"] = tried(lambda: open(threading.__file__))
print(json.dumps(said))
"""


def test_it_reaches_no_network_runs_nothing_and_writes_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-c", TRIAL, str(tmp_path / "written")]
    ended = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    if "without a filter" in ended.stderr:
        pytest.skip(f"this machine has no filter of system calls: {ended.stderr}")
    said = json.loads(ended.stdout.splitlines()[-1])
    assert {said.pop(name) for name in ("starts a thread", "reads a library")} == {"done"}
    assert set(said.values()) == {"EPERM"}
    assert list(tmp_path.iterdir()) == []
