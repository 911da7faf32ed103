"""What a full disk leaves in the commit log."""

from pathlib import Path

from stack.cassandra import set_empty_logs_aside


def test_segments_without_a_header_are_set_aside_and_no_others(tmp_path: Path) -> None:
    empty, written, other = (tmp_path / name for name in ("CommitLog-7-1.log", "CommitLog-7-2.log", "notes.log"))
    empty.write_bytes(bytes(4096))
    written.write_bytes(b"\0\0\0\x07" + bytes(4092))
    other.write_bytes(bytes(64))
    assert set_empty_logs_aside(tmp_path) == [tmp_path / "CommitLog-7-1.empty"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["CommitLog-7-1.empty", "CommitLog-7-2.log", "notes.log"]
    assert set_empty_logs_aside(tmp_path / "nowhere") == []
