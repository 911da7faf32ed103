from pathlib import Path

from benchmarks.yardstick.records import Records
from tests.unit.benchmarks.yardstick.samples import WORK, run


def test_runs_are_kept_and_found_again(tmp_path: Path) -> None:
    records = Records(tmp_path / "new" / "runs.jsonl")
    assert records.all() == []
    records.add(run("ray", 1, 40.0))
    records.add(run("ray", 2, 41.0))
    again = Records(tmp_path / "new" / "runs.jsonl")
    assert again.all() == [run("ray", 1, 40.0), run("ray", 2, 41.0)]
    assert again.has(WORK, "ray", 2)
    assert not again.has(WORK, "ray", 3)
    assert not again.has("objects-480p-long-200", "ray", 1)


def test_rate_and_cost_of_a_run() -> None:
    record = run("ray", 1, 40.0)
    assert round(record.rate, 6) == 40.0
    assert record.cpu_ms == 25.0
