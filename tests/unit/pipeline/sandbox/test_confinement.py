"""What is said of the sandbox, and the file that says it."""

from pathlib import Path

import pytest

from pipeline.sandbox.confinement import Confinement, read_confinement, sandbox_file, write_confinement

PARTLY = Confinement(
    {"memory": ["rlimit"], "no network": ["namespace", "seccomp"]}, {"landlock": "Function not implemented"}
)


def test_it_is_one_line_for_a_person() -> None:
    assert str(PARTLY) == (
        "memory (rlimit), no network (namespace, seccomp). Not in force: landlock: Function not implemented"
    )
    assert str(Confinement({"memory": ["rlimit"]}, {})) == "memory (rlimit)"


def test_what_was_written_is_read_and_can_be_taken_back(tmp_path: Path) -> None:
    write_confinement(tmp_path, PARTLY)
    assert read_confinement(tmp_path) == PARTLY
    write_confinement(tmp_path, None)
    assert read_confinement(tmp_path) is None


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"in_force": {}}', '{"other": 1}'])
def test_what_cannot_be_read_says_nothing(tmp_path: Path, text: str) -> None:
    write_confinement(tmp_path, PARTLY)
    sandbox_file(tmp_path).write_text(text)
    assert read_confinement(tmp_path) is None
