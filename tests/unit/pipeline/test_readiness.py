"""What a service says of itself in files."""

import os
import time
from pathlib import Path

from pipeline.readiness import beat, beat_file, mark_ready, ready_file, unmark_ready


def test_ready_is_said_and_taken_back(tmp_path: Path) -> None:
    mark_ready(tmp_path, "one")
    assert ready_file(tmp_path, "one").read_text() == str(os.getpid())
    unmark_ready(tmp_path, "one")
    unmark_ready(tmp_path, "one")
    assert not ready_file(tmp_path, "one").exists()


def test_a_heartbeat_is_the_time_of_the_file(tmp_path: Path) -> None:
    mark_ready(tmp_path, "one")
    beat(tmp_path, "one")
    os.utime(beat_file(tmp_path, "one"), (0, 0))
    beat(tmp_path, "one")
    assert time.time() - beat_file(tmp_path, "one").stat().st_mtime < 5


def test_a_heartbeat_that_cannot_be_written_ends_nobody(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("no folder")
    beat(tmp_path, "one")
