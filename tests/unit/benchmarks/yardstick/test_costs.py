import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from benchmarks.yardstick.costs import Costs

BURN = "import time\nwhile time.process_time() < 0.3: pass"
BURNING = f"""
import subprocess, sys
print("up", flush=True)
for line in sys.stdin:
    subprocess.run([sys.executable, "-c", {BURN!r}], check=True)
    print("done", flush=True)
"""
Process = subprocess.Popen[bytes]


@pytest.fixture
def burning() -> Iterator[Process]:
    """A process that burns 0.3 s of CPU, in a child that ends, each time it is told to."""
    command = [sys.executable, "-c", BURNING]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.communicate()


def burn(process: Process) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"go\n")
    process.stdout.readline()


def test_what_ended_meanwhile_counts_with_its_parent(burning: Process) -> None:
    burn(burning)
    costs = Costs({"worker": [burning.pid]})
    burn(burning)
    assert 0.25 <= costs.seconds()["worker"] < 0.6


def test_a_process_belongs_to_the_nearest_name_above_it(burning: Process) -> None:
    costs = Costs({"rest": [os.getpid()], "worker": [burning.pid]})
    burn(burning)
    spent = costs.seconds()
    assert spent["worker"] >= 0.25
    assert spent["rest"] < 0.25
