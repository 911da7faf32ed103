from pathlib import Path

from stack.logs import Follower, RotatingLog, last_lines


def test_a_log_stays_below_its_size_and_keeps_the_newest_lines(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path / "kafka.log", limit=100, keep=2)
    for number in range(60):
        log.write(f"line {number:03}\n".encode())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["kafka.log", "kafka.log.1", "kafka.log.2"]
    assert all(p.stat().st_size <= 100 for p in tmp_path.iterdir())
    assert last_lines(tmp_path / "kafka.log", 1) == ["line 059"]


def test_a_log_that_cannot_be_written_does_not_stop_its_service(tmp_path: Path) -> None:
    (tmp_path / "api.log").mkdir()
    RotatingLog(tmp_path / "api.log", limit=100, keep=2).write(b"lost\n")


def test_a_follower_gives_whole_lines_and_goes_on_after_a_rotation(tmp_path: Path) -> None:
    path = tmp_path / "api.log"
    path.write_text("old\n")
    follower = Follower(path)
    with path.open("a") as file:
        file.write("one\ntw")
    assert list(follower.lines()) == ["one"]
    with path.open("a") as file:
        file.write("o\n")
    assert list(follower.lines()) == ["two"]
    path.rename(tmp_path / "api.log.1")
    path.write_text("three\n")
    assert list(follower.lines()) == ["three"]


def test_the_end_of_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "none.log", 5) == []
