"""The crops on disk: there until confirmed, whole or not at all, and never too many."""

import logging
import os
from pathlib import Path

import pytest

from connectors.edge.agent.spool import Spool
from connectors.edge.messages import Message
from pipeline.contracts.errors import DiskFull
from tests.unit.connectors.edge.agent.pictures import message


def spool(folder: Path, most_bytes: int = 10**6, most_crops: int = 100) -> Spool:
    return Spool(folder, most_bytes, most_crops)


def filled(folder: Path, number: int, size: int = 10, **limits: int) -> Spool:
    kept = spool(folder, **limits)
    for n in range(number):
        kept.put(f"s/c/{n}", message(size))
    return kept


def test_a_crop_is_there_until_it_is_confirmed(tmp_path: Path) -> None:
    kept = filled(tmp_path, 2)
    assert kept.ids() == ("s/c/0", "s/c/1")
    assert kept.read("s/c/0") == message()
    assert kept.remove(["s/c/0", "unknown"]) == 1
    assert kept.read("s/c/0") is None
    assert len(list(tmp_path.iterdir())) == len(kept) == 1


def test_it_is_there_again_after_a_kill_in_the_same_order(tmp_path: Path) -> None:
    filled(tmp_path, 12)
    again = spool(tmp_path)
    assert again.ids() == tuple(f"s/c/{n}" for n in range(12))
    assert again.read("s/c/3") == message()
    again.put("s/c/12", message())
    assert spool(tmp_path).ids()[-1] == "s/c/12"


def test_the_same_crop_is_kept_once(tmp_path: Path) -> None:
    kept = filled(tmp_path, 1)
    kept.put("s/c/0", message())
    assert len(kept) == 1


def test_the_oldest_goes_where_there_is_no_room(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        kept = filled(tmp_path, 8, most_crops=5)
    assert kept.ids() == tuple(f"s/c/{n}" for n in range(3, 8))
    assert kept.given_up == 3
    assert "1 crops given up so far, the last one s/c/0" in caplog.text


def test_its_bytes_are_bounded_also_after_a_restart(tmp_path: Path) -> None:
    kept = filled(tmp_path, 10, size=1000, most_bytes=5000)
    assert kept.bytes <= 5000
    assert kept.bytes == sum(path.stat().st_size for path in tmp_path.iterdir())
    smaller = spool(tmp_path, most_bytes=2500)
    assert smaller.bytes <= 2500
    assert smaller.ids()[-1] == "s/c/9"


def test_what_was_half_written_is_no_crop(tmp_path: Path) -> None:
    filled(tmp_path, 2)
    first, second = sorted(tmp_path.iterdir())
    (tmp_path / "000000000009-x.part").write_bytes(b"half")
    first.write_bytes(first.read_bytes()[:-3])
    assert spool(tmp_path).ids() == ("s/c/1",)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".bad", ".crop"]
    assert second.exists()


@pytest.mark.parametrize("content", [b"", b"{}\nx", b"[]\nx", b"\xff\xfe\n", b'{"properties": 3}\n'])
def test_a_file_that_is_no_crop_is_put_aside(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "000000000001-x.crop").write_bytes(content)
    assert spool(tmp_path).ids() == ()


def test_a_file_that_has_gone_is_forgotten(tmp_path: Path) -> None:
    kept = filled(tmp_path, 2)
    sorted(tmp_path.iterdir())[0].unlink()
    assert kept.read("s/c/0") is None
    assert kept.ids() == ("s/c/1",)


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = spool(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match="No space left"):
        kept.put("s/c/0", message())
    assert list(tmp_path.iterdir()) == []
    assert len(kept) == 0


def test_a_message_without_properties_is_kept_too(tmp_path: Path) -> None:
    bare = Message("hw3facestx2", b"line\nof\npicture\n")
    spool(tmp_path).put("x", bare)
    assert spool(tmp_path).read("x") == bare
