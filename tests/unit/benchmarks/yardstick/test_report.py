from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.yardstick.report import BEGIN, END, tables, write_report
from benchmarks.yardstick.standings import by_work
from tests.unit.benchmarks.yardstick.samples import run

RUNS = [
    run("bare-pool", 1, 100.0),
    run("bare-cores", 1, 80.0),
    run("framewise", 1, 91.0),
    run("ray", 1, 90.0),
    run("opencv", 1, 50.0, unequal=4),
]


def test_the_tables_go_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Before\n\n{BEGIN}\nold\n{END}\n\nafter\n")
    write_report(RUNS, page, Path("plot.svg"))
    write_report(RUNS, page, Path("plot.svg"))
    text = page.read_text()
    assert text.startswith(f"# Before\n\n{BEGIN}\n2 cores (a processor); commit abc; 1 rounds")
    assert text.endswith(f"\n{END}\n\nafter\n")
    assert "old" not in text
    assert "](plot.svg)" in text
    assert text.count("| Framewise, complete | 91.0 (91.0–91.0) |") == 1


def test_commits_are_told_from_the_first_run_to_the_last(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"{BEGIN}\n{END}\n")
    rounds = [replace(run("ray", number, 90.0), machine={"commit": f"c{number}"}) for number in (2, 3, 1)]
    write_report(rounds, page, Path("plot.svg"))
    assert "; commit c1 to c3; 3 rounds, 2026-11-22T01:00 to 2026-11-22T03:00 UTC" in page.read_text()


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Nothing\n")
    with pytest.raises(ValueError, match=BEGIN):
        write_report(RUNS, page, Path("plot.svg"))
    assert page.read_text() == "# Nothing\n"


def test_goals_are_told_as_they_are() -> None:
    (goals,) = [table for table in tables(by_work(RUNS)) if table.startswith("| goal")]
    assert "| at least 0.9 × the ceiling | 0.91, reached |" in goals
    assert "| at least 1.3 × Ray Data, actor pool | 1.01, missed |" in goals
    assert "| at least 3 × the ancestor's shape |  |" in goals


def test_who_found_something_else_is_void() -> None:
    text = "\n".join(tables(by_work(RUNS)))
    assert "| OpenCV loop | void: 50.0 (50.0–50.0) |" in text
    assert "OpenCV loop, objects-480p-long: something else in 4 of 100 frames; for example 0/7: cat" in text


def test_a_work_that_was_not_run_has_no_column() -> None:
    assert "1080p" not in "\n".join(tables(by_work(RUNS)))
