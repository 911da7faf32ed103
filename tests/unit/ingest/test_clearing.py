"""The command line of `clear_frames.py`: what it takes, and what it says."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from ingest.clearing import line, main, parser, summary
from pipeline.clearing import Cleared, ClearedVideo

SOME = Cleared(0, 1234, 2468, 12_300_000)


@pytest.mark.parametrize(
    ("text", "age"),
    [("7", timedelta(days=7)), ("0.5", timedelta(hours=12)), ("0", timedelta()), ("36500", timedelta(days=36_500))],
)
def test_an_age_is_a_number_of_days(text: str, age: timedelta) -> None:
    assert parser().parse_args(["--days", text]).days == age


@pytest.mark.parametrize("text", ["-1", "-0.001", "x", "", "7 days", "nan", "inf", "-inf", "36501", "1e400"])
def test_a_wrong_age_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([f"--days={text}"])
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert f"{text!r} is not a number of days from 0 to 36500" in said.err


@pytest.mark.parametrize("arguments", [[], ["--days"], ["--dry-run"], ["7"], ["--days", "-1"], ["--days", "7", "all"]])
def test_an_age_is_needed_and_nothing_else(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert said.err.startswith("usage: clear_frames.py")


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FRAMEWISE_CASSANDRA_PORT", "many")
    assert main(["--days", "7"]) == 1
    assert "FRAMEWISE_CASSANDRA_PORT" in capsys.readouterr().err


def test_a_line_says_what_went() -> None:
    video = ClearedVideo(UUID(int=1), "a.mp4", SOME)
    assert line(video, dry_run=False) == f"{UUID(int=1)}  a.mp4: 1,234 frames, 2,468 result rows, 12.3 MB"
    whole = ClearedVideo(UUID(int=1), "a.mp4", SOME + Cleared(videos=1))
    assert line(whole, dry_run=False).endswith("12.3 MB; the video went as a whole")
    assert line(whole, dry_run=True).endswith("12.3 MB; the video would go as a whole")


def test_a_name_cannot_command_the_terminal() -> None:
    said = line(ClearedVideo(UUID(int=1), "a\x1b[2J\nb\r\x07", SOME), dry_run=False)
    assert "  a[2Jb: " in said
    assert "(not known any more)" in line(ClearedVideo(UUID(int=1), None, SOME), dry_run=False)


def test_the_sum_says_what_went_in_all() -> None:
    before = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert summary(SOME, before, dry_run=True) == (
        "would go, of all stored before 2026-01-02 03:04:05 UTC: 1,234 frames, 2,468 result rows, 12.3 MB; "
        "0 whole videos"
    )
    assert summary(Cleared(2), before, dry_run=False).startswith("cleared, of all stored before 2026-01-02")
