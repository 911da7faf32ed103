"""`./run.sh --docker` with a `docker` of the test's own on the PATH, which writes down how it is called."""

from pathlib import Path

import pytest

from pipeline.contracts.errors import StackError
from stack import docker
from stack.compose import find_compose
from stack.docker import main, parser, workers_of
from stack.preflight import gpu_names

PLUGIN = '[ "$*" = "compose version" ] && echo "Docker Compose version v{version}" && exit 0'
ENGINE_ANSWERS = '[ "$*" = "compose ls --quiet" ] && exit 0'
ENGINE_IS_AWAY = '[ "$*" = "compose ls --quiet" ] && echo "cannot connect" >&2 && exit 1'


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the command's calls are written down; nothing else is on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("FRAMEWISE_MIRROR", "FRAMEWISE_WORKERS", "FRAMEWISE_API_PORT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "calls"


def docker_that(folder: Path, *lines: str, status: int = 0) -> None:
    record = f'echo "$FRAMEWISE_WORKERS $*" >> {folder}/calls; exit {status}'
    command = folder / "docker"
    command.write_text("\n".join(["#!/bin/sh", *lines, record]))
    command.chmod(0o755)


def good_docker(folder: Path, status: int = 0) -> None:
    docker_that(folder, PLUGIN.format(version="2.29.1"), ENGINE_ANSWERS, status=status)


def test_without_docker_it_says_what_was_looked_for(calls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--docker"]) == 1
    said = capsys.readouterr().err
    assert "there is no command docker;" in said
    assert "there is no command docker-compose" in said
    assert "leave out --docker" in said


def test_a_docker_without_compose_says_so_in_its_words(calls: Path) -> None:
    docker_that(calls.parent, "echo \"'compose' is not a docker command\" >&2; exit 1")
    with pytest.raises(StackError, match="'compose' is not a docker command"):
        find_compose()


@pytest.mark.parametrize(("version", "good"), [("1.29.2", False), ("2.19.0", False), ("2.20.0", True), ("5.6.1", True)])
def test_an_old_compose_is_refused(calls: Path, version: str, good: bool) -> None:
    docker_that(calls.parent, PLUGIN.format(version=version), ENGINE_ANSWERS)
    if good:
        assert find_compose() == ["docker", "compose"]
    else:
        with pytest.raises(StackError, match=f"v{version}"):
            find_compose()


def test_an_engine_that_is_away_is_named(calls: Path) -> None:
    docker_that(calls.parent, PLUGIN.format(version="2.29.1"), ENGINE_IS_AWAY)
    with pytest.raises(StackError, match="no engine answers it: cannot connect"):
        find_compose()


def test_up_builds_starts_and_waits(calls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good_docker(calls.parent)
    assert main(["--docker", "--workers", "3"]) == 0
    first, second = (line.replace(f"{docker.ROOT}/", "") for line in calls.read_text().splitlines())
    assert first == "3 compose --file docker-compose.yml up --detach --build --scale worker=3"
    assert "--wait --wait-timeout 900 api ingest analysis" in second
    assert "http://127.0.0.1:8000/docs" in capsys.readouterr().out


def test_what_does_not_start_is_an_error(calls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good_docker(calls.parent, status=17)
    assert main(["--docker"]) == 1
    assert "./run.sh --docker logs" in capsys.readouterr().err
    assert len(calls.read_text().splitlines()) == 1


def test_a_mirror_adds_its_file(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good_docker(calls.parent)
    monkeypatch.setenv("FRAMEWISE_MIRROR", "/somewhere")
    assert main(["status", "--docker"]) == 0
    assert "docker-compose.mirror.yml ps --all" in calls.read_text()


@pytest.mark.parametrize(
    ("line", "called"),
    [
        ("--docker down", "down"),
        ("--docker status", "ps --all"),
        ("--docker logs", "logs --tail 50"),
        ("logs api -f -n 5 --docker", "logs --tail 5 --follow api"),
    ],
)
def test_the_other_commands(calls: Path, line: str, called: str) -> None:
    good_docker(calls.parent)
    assert main(line.split()) == 0
    assert calls.read_text().rstrip().endswith(f"docker-compose.yml {called}")


def test_workers_change_while_all_else_runs(calls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good_docker(calls.parent)
    assert main(["--docker", "workers", "3"]) == 0
    asked, scaled = calls.read_text().splitlines()
    assert asked.endswith("docker-compose.yml exec --no-TTY analysis python -m spark_jobs.asking 3")
    assert scaled.endswith("up --detach --no-deps --no-recreate --scale worker=3 worker")
    assert main(["--docker", "workers", "many"]) == 1
    assert main(["--docker", "--gpu", "workers", "2"]) == 1
    assert "many is no number from 1 on" in capsys.readouterr().err


def test_gpus_are_refused_where_there_are_none(calls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good_docker(calls.parent)
    if gpu_names():
        pytest.skip("there is a GPU")
    assert main(["--docker", "--gpu"]) == 1
    assert "no NVIDIA GPU answers here" in capsys.readouterr().err
    assert not calls.exists()


@pytest.mark.parametrize(("variable", "option", "workers"), [("", "5", 5), ("4", "", 4), ("4", "2", 2)])
def test_workers(calls: Path, monkeypatch: pytest.MonkeyPatch, variable: str, option: str, workers: int) -> None:
    monkeypatch.setenv("FRAMEWISE_WORKERS", variable)
    assert workers_of(parser().parse_args(["--workers", option] if option else [])) == workers


@pytest.mark.parametrize("word", ["0", "-1", "many"])
def test_wrong_numbers_of_workers_are_refused(calls: Path, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("FRAMEWISE_WORKERS", word)
    with pytest.raises(StackError, match="must be a number from 1 on"):
        workers_of(parser().parse_args([]))


def test_only_logs_take_a_service(calls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good_docker(calls.parent)
    assert main(["down", "api"]) == 1
    assert "`down` takes no api" in capsys.readouterr().err
