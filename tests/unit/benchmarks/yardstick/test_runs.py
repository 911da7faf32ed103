from pathlib import Path

import pytest

from benchmarks.yardstick.contender import CONTENDERS
from benchmarks.yardstick.runs import ContenderFailed, run_once
from benchmarks.yardstick.works import Work
from pipeline.contracts.results import TaskName


def test_a_contender_that_fails_says_why(tmp_path: Path) -> None:
    nothing = tmp_path / "no.mp4"
    work = Work("colors", (TaskName.COLORS,), (nothing,), 1, nothing, 1)
    with pytest.raises(ContenderFailed, match=r"(?s)bare-pool: it ended.*No such file.*no\.mp4"):
        run_once("bare-pool", work, 1, {}, {})


def test_each_contender_has_a_module() -> None:
    folder = Path(__file__).parents[4] / "benchmarks" / "yardstick" / "contenders"
    assert all((folder / f"{entry.module}.py").is_file() for entry in CONTENDERS.values())
