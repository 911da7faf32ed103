"""Who gives way: in a process of its own, since not everybody may go first again."""

import json
import os
import subprocess
import sys

import pytest

from pipeline.priority import THREADS

PROGRAM = """
import json, os, threading
from pipeline.priority import give_way, go_first

stop = threading.Event()
threading.Thread(target=stop.wait).start()
threads = lambda: sorted(os.getpriority(os.PRIO_PROCESS, int(entry)) for entry in os.listdir("/proc/self/task"))
seen = [threads()]
for change in (give_way, give_way, go_first):
    change()
    seen.append(threads())
stop.set()
print(json.dumps(seen))
"""


@pytest.mark.skipif(not THREADS.is_dir(), reason="threads have priorities of their own on Linux")
def test_all_threads_give_way_once_and_go_first_again_where_they_may() -> None:
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    behind = min(usual + 5, 19)
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    seen = json.loads(done.stdout)
    assert seen[:3] == [[usual] * 2, [behind] * 2, [behind] * 2]
    assert seen[3] == ([usual] * 2 if os.geteuid() == 0 else [behind] * 2)
