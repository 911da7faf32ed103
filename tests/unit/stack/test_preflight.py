from pathlib import Path

import pytest

from pipeline.contracts.errors import StackError
from stack.preflight import check_gpu, find_java, gpu_names, java_version


def _command(folder: Path, name: str, script: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


def _java(folder: Path, version: str) -> Path:
    return _command(folder, "bin/java", f"echo 'openjdk version \"{version}\"' >&2")


@pytest.mark.parametrize(("said", "major"), [("17.0.15", 17), ("21", 21), ("1.8.0_412", 8), ("22-ea", 22)])
def test_the_major_version_is_read(tmp_path: Path, said: str, major: int) -> None:
    assert java_version(str(_java(tmp_path, said))) == major


def test_a_command_that_fails_has_no_version(tmp_path: Path) -> None:
    assert java_version(str(_command(tmp_path, "java", "exit 1"))) is None
    assert java_version(str(tmp_path / "none")) is None


def test_java_home_comes_before_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = _java(tmp_path / "home", "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert find_java() == java


def test_an_old_java_home_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _java(tmp_path / "old", "11.0.2")
    new = _java(tmp_path / "new", "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    monkeypatch.setenv("PATH", str(new.parent))
    assert find_java() == new


def test_a_java_of_another_version_is_named_with_what_to_do(tmp_path: Path) -> None:
    java = _java(tmp_path, "11.0.2")
    with pytest.raises(StackError, match=r"Java 17 is needed.*java is Java 11.*apt install"):
        find_java(str(java))


def test_a_gpu_is_what_the_driver_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _command(tmp_path, "nvidia-smi", "echo 'GPU 0: NVIDIA L4 (UUID: GPU-1)'")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert gpu_names() == ("GPU 0: NVIDIA L4 (UUID: GPU-1)",)
    check_gpu()


def test_a_driver_without_a_gpu_is_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _command(tmp_path, "nvidia-smi", "echo 'No devices were found'; exit 6")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr("stack.preflight.GPU_FOLDER", tmp_path / "none")
    with pytest.raises(StackError, match="no NVIDIA GPU answers here"):
        check_gpu()
