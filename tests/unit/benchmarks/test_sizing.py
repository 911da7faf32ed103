"""The arithmetic of sizing, on round figures; and that the docs say what it computes from the measured ones."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.sizing import __main__ as command
from benchmarks.sizing import measured as figures
from benchmarks.sizing import tables
from benchmarks.sizing.arithmetic import live_cost, plan, rows_of, thousand_frames
from benchmarks.sizing.measured import Assumed, FrameCost, Live, Measured, Memory, Picture
from benchmarks.sizing.plans import Hosts, Load, Price
from pipeline.contracts.results import USUAL_TASKS
from pipeline.contracts.settings import ROOT

COST = FrameCost(
    analysis_ms=35,
    ingest_ms=7,
    cassandra_ms=7,
    kafka_ms=7,
    api_ms=0,
    cassandra_bytes=1000,
    results_topic_bytes=0,
)
ROUND = Measured(
    pictures={"1280x720": Picture(jpeg_bytes=100_000, frames_topic_bytes=100_000, tasks={"objects_detection": COST})},
    live=Live("1280x720", "objects_detection", 7, 35, 7, 7, 0, ingest_mib=100),
    memory=Memory(worker=1024, driver=1024, kafka=512, cassandra=1024, api=256, ingest=256),
    assumed=Assumed(busy=0.7, broker_mb_a_second=50, node_gib=1000),
)
DOCS = ROOT / "docs" / "sizing.md"


def test_a_few_cameras_are_for_one_machine_with_one_copy() -> None:
    made = plan(Load(cameras=10, sent=10), ROUND, Hosts(cores=16))
    assert made.frames_a_second == 10
    assert made.analysis_cores == pytest.approx(10 * 0.035 / 0.7)
    assert made.workers == 1
    assert made.ingest_cores == pytest.approx(10 * 10 * 0.007 / 0.7), "every frame sent is decoded"
    assert made.server_cores == pytest.approx(10 * 0.014 / 0.7)
    assert (made.hosts, made.copies, made.brokers, made.nodes) == (1, 1, 1, 1)
    assert made.memory_gib == pytest.approx((1024 + 1024 + 512 + 1024 + 256 + 256 + 10 * 100) / 1024)


def test_a_frame_by_itself_costs_what_it_costs_more_in_a_stream() -> None:
    dear = replace(ROUND, live=replace(ROUND.live, analysis_ms=45, cassandra_ms=27, kafka_ms=1))
    cost = live_cost(Load(1), dear)
    assert (cost.analysis_ms, cost.cassandra_ms, cost.kafka_ms, cost.api_ms) == (45, 27, 7, 0)


def test_bytes_are_those_of_a_day_and_of_what_is_kept() -> None:
    made = plan(Load(cameras=10, keep_days=3), ROUND)
    day = 10 * 86_400
    assert made.pictures_gib_a_day == pytest.approx(day * 100_000 / 2**30)
    assert made.pictures_kept_gib == pytest.approx(3 * made.pictures_gib_a_day)
    assert made.cassandra_gib_a_day == pytest.approx(day * 1000 / 2**30)
    assert made.cassandra_kept_gib == pytest.approx(3 * made.cassandra_gib_a_day)
    assert made.cassandra_rows_a_second == 10 * rows_of("objects_detection") == 20
    assert rows_of("all") == 5
    assert made.retention_gib == pytest.approx(10 * 600 * 100_000 / 2**30)


def test_more_than_one_machine_keeps_three_copies() -> None:
    made = plan(Load(cameras=1000), ROUND, Hosts(cores=16))
    assert (made.copies, made.workers, made.partitions) == (3, 50, 50)
    assert made.kafka_mb_a_second == pytest.approx(1000 * 0.1 * 3)
    assert made.brokers == 6, "300 MB a second, 50 each"
    assert made.server_cores == pytest.approx(1000 * 3 * 0.014 / 0.7)
    assert made.hosts >= made.cores / 16
    assert made.nodes == 3
    assert plan(Load(cameras=1000), ROUND, Hosts(cores=8)).nodes == 4, "30 cores of Cassandra, 8 a host"
    assert made.cassandra_gib_a_day == pytest.approx(1000 * 86_400 * 3000 / 2**30)


def test_memory_may_ask_for_more_hosts_than_cores_do() -> None:
    load = Load(cameras=100)
    assert (
        plan(load, ROUND, Hosts(cores=1000, memory=4)).hosts > plan(load, ROUND, Hosts(cores=1000, memory=1000)).hosts
    )


def test_a_small_load_has_the_partitions_that_are_there_anyhow() -> None:
    assert plan(Load(cameras=1), ROUND).partitions == 8


def test_what_is_too_much_for_one_installation_is_several() -> None:
    made = plan(Load(cameras=1000, analysed=2), ROUND)
    assert (made.workers, made.partitions, made.installations) == (100, 64, 2)


def test_a_thousand_frames_cost_work_and_space() -> None:
    seconds, mib, work, kept = thousand_frames(ROUND.pictures["1280x720"], "objects_detection", Price(0.36, 1.024))
    assert seconds == 56
    assert mib == pytest.approx(101_000_000 / 2**20)
    assert work == pytest.approx(56 / 3600 * 0.36)
    assert kept == pytest.approx(mib / 1000)


def test_a_free_core_costs_nothing() -> None:
    assert thousand_frames(ROUND.pictures["1280x720"], "objects_detection", Price(0))[2:] == (0, 0)


def test_fuller_cores_are_fewer() -> None:
    full = replace(ROUND, assumed=replace(ROUND.assumed, busy=1.0))
    assert plan(Load(cameras=100), full).cores == pytest.approx(plan(Load(cameras=100), ROUND).cores * 0.7)


def test_every_task_and_all_of_them_are_measured_at_each_size() -> None:
    measured = figures.load()
    for picture in measured.pictures.values():
        assert set(picture.tasks) == {*USUAL_TASKS, "all"}
        assert max(picture.tasks.values(), key=lambda cost: cost.analysis_ms) == picture.tasks["all"]


def test_a_figure_without_a_name_is_refused(tmp_path: Path) -> None:
    text = figures.FILE.read_text()
    (tmp_path / "measured.toml").write_text(text.replace("busy =", "bussy ="))
    with pytest.raises(TypeError, match="bussy"):
        figures.load(tmp_path / "measured.toml")


@pytest.mark.parametrize(
    "words",
    [[], ["--tasks", "all"], ["costs", "--core-hour", "0.04", "--gib-month", "0.023"]],
    ids=lambda words: " ".join(words) or "plans",
)
def test_the_docs_show_what_the_program_prints(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert command.main(words) == 0
    assert capsys.readouterr().out.strip() in DOCS.read_text(), f"put it in docs/sizing.md: benchmarks.sizing {words}"


@pytest.mark.parametrize("wrong", [["--cameras", "0"], ["--analysed", "-1"], ["--tasks", "birds"]])
def test_what_cannot_be_is_refused(capsys: pytest.CaptureFixture[str], wrong: list[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(wrong)
    assert wrong[0] in capsys.readouterr().err


def test_a_table_has_a_column_a_load() -> None:
    loads = [Load(10), Load(1000)]
    lines = tables.plans(loads, [plan(load, ROUND) for load in loads]).splitlines()
    assert lines[0] == "| | 10 cameras | 1,000 cameras |"
    assert {line.count("|") for line in lines} == {4}
