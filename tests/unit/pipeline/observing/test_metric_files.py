"""Processes share their metrics through a folder: sums outlive them, what was true of them does not."""

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from pipeline.contracts.settings import ROOT
from pipeline.observing.metric_files import VARIABLE, guarded, tidy

CODE = """
import sys
from pipeline.observing import metrics
metrics.frames("done", 3)
metrics.model_batch("yolox", 8, 0.03)
metrics.EVENT_STREAMS.inc()
metrics.MEMORY.labels("worker").set(5)
print("counted", flush=True)
sys.stdin.read()
"""


@contextmanager
def process(folder: Path, code: str = CODE) -> Iterator["subprocess.Popen[str]"]:
    """A process that has counted, until it is told to end."""
    environment = os.environ | {VARIABLE: str(folder), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(
        command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        try:
            assert running.stdout is not None
            assert running.stdout.readline() == "counted\n"
            yield running
        finally:
            running.kill()


def page(folder: Path) -> dict[str, float]:
    """Every sample, the process left out."""
    tidy(folder)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))
    lines = generate_latest(registry).decode().splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    return {re.sub(r'pid="[^"]*",?', "", name): float(value) for name, value in pairs}


DONE = 'framewise_frames_total{stage="done"}'
BATCHES = 'framewise_model_batch_seconds_count{model="yolox"}'
SLOWER = 'framewise_model_batch_seconds_bucket{le="0.05",model="yolox"}'
MEMORY = 'framewise_process_memory_bytes{service="worker"}'


def test_sums_outlive_their_processes_and_what_was_true_of_them_does_not(tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    with process(folder), process(folder):
        both = page(folder)
        assert (both[DONE], both[BATCHES], both[SLOWER], both["framewise_event_streams"]) == (6, 2, 2, 2)
        assert both[MEMORY] == 5
    ended = page(folder)
    assert (ended[DONE], ended[BATCHES], ended[SLOWER]) == (6, 2, 2)
    assert MEMORY not in ended
    assert ended.get("framewise_event_streams", 0) == 0
    with process(folder):
        assert page(folder)[DONE] == 9


def test_the_folder_does_not_grow_with_processes_that_end(tmp_path: Path) -> None:
    sizes = []
    for _ in range(4):
        with process(tmp_path):
            pass
        sizes.append(len(list(tmp_path.iterdir())))
    assert sizes[1] == sizes[-1]
    assert page(tmp_path)[DONE] == 12
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "counter_ended.db",
        "folder.guard",
        "histogram_ended.db",
    ]


def test_a_forked_process_counts_for_itself(tmp_path: Path) -> None:
    code = """
    import os, sys
    from pipeline.observing import metrics
    metrics.frames("done", 1)
    if (child := os.fork()) == 0:
        metrics.frames("done", 10)
        os._exit(0)
    os.waitpid(child, 0)
    metrics.frames("done", 100)
    print("counted", flush=True)
    sys.stdin.read()
    """
    with process(tmp_path, code):
        assert page(tmp_path)[DONE] == 111
    assert page(tmp_path)[DONE] == 111


def test_files_have_their_bytes_at_once(tmp_path: Path) -> None:
    with process(tmp_path):
        for file in tmp_path.glob("*.db"):
            assert file.stat().st_blocks * 512 >= file.stat().st_size > 0, "a full disk would end the process later"


def test_a_folder_that_cannot_be_written_ends_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with process(tmp_path / "file"):
        pass


def test_who_holds_the_folder_is_not_waited_for_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.observing.metric_files.GUARD_SECONDS", 0.1)
    with guarded(tmp_path), pytest.raises(TimeoutError):
        tidy(tmp_path)
