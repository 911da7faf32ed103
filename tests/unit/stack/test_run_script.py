"""`run.sh` on machines that lack something: it says what, and does nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.contracts.settings import ROOT
from stack.preflight import gpu_names

TOOLS = ("bash", "env", "dirname", "mkdir", "grep", "cat", "tail", "cmp", "flock", "basename", "rm")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what `run.sh` needs, without a virtual environment."""
    folder = tmp_path / "a copy"
    folder.mkdir()
    shutil.copy(ROOT / "run.sh", folder)
    for name in ("requirements", "stack", "pipeline"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A PATH with a shell's tools only: no Python, no Java."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        if found := shutil.which(tool):
            (folder / tool).symlink_to(found)
    return folder


def run(checkout: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FRAMEWISE_")} | variables
    return subprocess.run(
        ["/bin/bash", str(checkout / "run.sh"), *arguments],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def nothing_was_made(checkout: Path) -> bool:
    return not any((checkout / name).exists() for name in (".venv", ".venv-gpu", "var"))


def test_help_needs_nothing(checkout: Path, bare_path: Path) -> None:
    done = run(checkout, "--help", PATH=str(bare_path))
    assert done.returncode == 0
    assert "./run.sh demo [URL|FILE]" in done.stdout


def test_a_python_that_does_not_run_is_named(checkout: Path, bare_path: Path) -> None:
    for name in ("python3.13", "python3.12", "python3.11", "python3", "python"):
        shim = bare_path / name
        shim.write_text("#!/bin/bash\nexit 127\n")
        shim.chmod(0o755)
    script = (checkout / "run.sh").read_text().replace("/usr/bin/python3", "")
    (checkout / "run.sh").write_text(script)
    done = run(checkout, PATH=str(bare_path))
    assert done.returncode == 1
    assert "Python 3.11, 3.12 or 3.13 is needed" in done.stderr
    assert "python3.12 (does not run)" in done.stderr
    assert nothing_was_made(checkout)


def test_without_java_nothing_is_set_up(checkout: Path) -> None:
    done = run(checkout, FRAMEWISE_JAVA="/no/such/java")
    assert done.returncode == 1
    assert "Java 17 is needed" in done.stderr
    assert nothing_was_made(checkout)


@pytest.mark.skipif(bool(gpu_names()), reason="there is a GPU")
@pytest.mark.parametrize("arguments", [("--gpu",), ("demo", "--gpu"), ("--gpu", "demo")])
def test_without_a_gpu_nothing_is_set_up(checkout: Path, arguments: tuple[str, ...]) -> None:
    done = run(checkout, *arguments)
    assert done.returncode == 1
    assert "no NVIDIA GPU answers here" in done.stderr
    assert "leave out --gpu" in done.stderr
    assert nothing_was_made(checkout)


def test_a_mirror_that_is_not_there_is_named(checkout: Path) -> None:
    done = run(checkout, "demo", FRAMEWISE_MIRROR="no/such/folder")
    assert done.returncode == 1
    assert "FRAMEWISE_MIRROR names no/such/folder" in done.stderr
    assert nothing_was_made(checkout)


def test_the_command_line_is_run_in_the_folder_of_the_shell(tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    command = ["/bin/bash", str(ROOT / "run.sh"), "framewise", "submit", "films"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert "there is no video file in films" in done.stderr
    launcher = Path(sys.executable).parent / "framewise"
    said = subprocess.run([str(launcher), "version"], cwd="/", capture_output=True, text=True, timeout=60, check=False)
    assert said.stdout.startswith("framewise ")


@pytest.mark.parametrize("command", ["down", "status", "logs"])
def test_before_the_first_start_there_is_nothing_to_ask_about(checkout: Path, command: str) -> None:
    done = run(checkout, command)
    assert done.returncode == 0
    assert done.stdout == "nothing was started here yet\n"


@pytest.mark.parametrize("name", ["run.sh", ".ci/run", "spark_jobs/discover_gpus.sh"])
def test_the_linter_of_scripts_has_nothing_to_say(name: str) -> None:
    command = [str(Path(sys.executable).parent / "shellcheck"), str(ROOT / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_containers_need_no_virtual_environment(checkout: Path, bare_path: Path) -> None:
    (bare_path / "python3").symlink_to(sys.executable)
    done = run(checkout, "--docker", "down", PATH=str(bare_path))
    assert done.returncode == 1
    assert "there is no command docker;" in done.stderr
    assert nothing_was_made(checkout)
