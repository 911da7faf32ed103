"""Logs of sightings: every kind keeps the contract, over restarts and crashes."""

import json
import sqlite3
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from framewise.listening.logs import EventLog, InMemoryLog, open_log
from framewise.listening.parquet_log import ParquetLog
from framewise.listening.sightings import Rules, Sighting, Watcher
from tests.unit.framewise.listening.rows import shows

KINDS = ["memory", "sqlite", "parquet", "jsonl"]


class Reopened:
    """A log of a kind, and the same log opened again."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.path = folder / f"log.{kind}"
        self.log: EventLog = InMemoryLog() if kind == "memory" else open_log(self.path)

    def again(self) -> EventLog:
        if not isinstance(self.log, InMemoryLog):
            self.log.close()
            self.log = open_log(self.path)
        return self.log


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Reopened:
    return Reopened(request.param, tmp_path)


def sightings(camera: str = "front") -> list[Sighting]:
    """A person comes, goes, comes again."""
    return shows(Watcher(camera, Rules()), [0.9, 0.9, *[None] * 5, 0.9, 0.9])


def test_a_log_says_where_it_ends(opened: Reopened) -> None:
    first, gone, again = sightings()
    assert opened.log.place("front") is None
    opened.log.append([first])
    place = opened.again().place("front")
    assert place is not None
    assert (place.video_id, place.event_id, place.present) == (first.video_id, "event-2", (first,))
    opened.log.append([gone])
    place = opened.again().place("front")
    assert place is not None
    assert place.present == ()
    opened.log.append([again])
    place = opened.again().place("front")
    assert place is not None
    assert (place.event_id, place.present) == ("event-9", (again,))
    assert opened.log.place("back") is None
    opened.log.close()


def test_what_comes_twice_is_kept_once_and_cameras_are_apart(opened: Reopened) -> None:
    every = sightings()
    opened.log.append(every)
    opened.log.append(every)
    opened.again().append(every)
    # The same video by another name has other places, but the same ids: it is the same sighting.
    opened.log.append(sightings("back"))
    assert opened.again().place("back") is None
    opened.log.close()


def test_files_are_readable_by_others(tmp_path: Path) -> None:
    for kind in KINDS[1:]:
        log = open_log(tmp_path / f"log.{kind}")
        log.append(sightings())
        log.append(sightings())
        log.close()
    with sqlite3.connect(tmp_path / "log.sqlite") as db:
        rows = db.execute("SELECT kind, label, confidence, at FROM sightings ORDER BY rowid").fetchall()
    db.close()
    assert [(kind, label) for kind, label, _, _ in rows] == [(k, "person") for k in ("appeared", "gone", "appeared")]
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["at"] for line in lines] == [at for _, _, _, at in rows]
    table = pq.read_table(tmp_path / "log.parquet").to_pydict()
    assert [at.isoformat() for at in table["at"]] == [row.at.isoformat() for row in sightings() if row.at]


def test_a_line_that_was_cut_off_loses_nothing_else(tmp_path: Path) -> None:
    first, gone, again = sightings()
    log = open_log(tmp_path / "log.jsonl")
    log.append([first])
    log.close()
    whole = (tmp_path / "log.jsonl").read_bytes()
    (tmp_path / "log.jsonl").write_bytes(whole + gone.model_dump_json().encode()[:50])
    log = open_log(tmp_path / "log.jsonl")
    log.append([gone, again])
    log.close()
    text = (tmp_path / "log.jsonl").read_bytes()
    assert text.startswith(whole)
    assert [json.loads(line)["kind"] for line in text.splitlines() if line.endswith(b"}")] == [
        "appeared",
        "gone",
        "appeared",
    ]


def test_parts_are_written_when_they_are_full_or_old_and_never_again(tmp_path: Path) -> None:
    now = [0.0]
    first, gone, again = sightings()
    log = ParquetLog(tmp_path / "log.parquet", lambda: now[0])
    log.append([first])
    assert not list(log._path.iterdir())
    now[0] = 61
    log.append([gone])
    [part] = log._path.iterdir()
    before = part.stat().st_mtime_ns
    log.append([again])
    log.close()
    assert [path.name for path in sorted(log._path.iterdir())] == ["part-000001.parquet", "part-000002.parquet"]
    assert part.stat().st_mtime_ns == before


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"unlike log\.csv"):
        open_log(tmp_path / "log.csv")
