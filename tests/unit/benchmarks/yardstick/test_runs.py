from pathlib import Path

import psutil
import pytest

from benchmarks.yardstick.contender import CONTENDERS
from benchmarks.yardstick.findings import differences
from benchmarks.yardstick.footage import Footage
from benchmarks.yardstick.runs import ContenderFailed, run_once
from benchmarks.yardstick.works import Work
from pipeline.contracts.results import TaskName
from tests.processes import command_line


def test_a_contender_that_fails_says_why(tmp_path: Path) -> None:
    nothing = tmp_path / "no.mp4"
    work = Work("colors", (TaskName.COLORS,), (nothing,), 1, nothing, 1)
    with pytest.raises(ContenderFailed, match=r"(?s)bare-pool: it ended.*No such file.*no\.mp4"):
        run_once("bare-pool", work, 1, {}, {})


def test_a_bare_program_finds_what_the_reference_finds(footage: Footage) -> None:
    clips = tuple(footage.clip(90, 5, number, mixed=False) for number in range(3))
    work = Work("colors", (TaskName.COLORS,), clips, 15, clips[0], 5)
    reference, bare = (run_once(name, work, 1, {}, {}) for name in ("reference", "bare-cores"))
    assert len(reference.found) == work.frames
    assert all(reference.found.values())
    assert differences(reference.found, bare.found) == []
    assert 0 < bare.seconds < 60
    assert bare.cpu["worker"] > 0
    assert not [p for p in psutil.Process().children(recursive=True) if "yardstick" in command_line(p)]


def test_each_contender_has_a_module() -> None:
    folder = Path(__file__).parents[4] / "benchmarks" / "yardstick" / "contenders"
    assert all((folder / f"{entry.module}.py").is_file() for entry in CONTENDERS.values())
