from benchmarks.yardstick.standings import Spread, Standings, by_work
from tests.unit.benchmarks.yardstick.samples import run


def test_median_and_range() -> None:
    standings = Standings.of([run("ray", 1, 40.0), run("ray", 2, 50.0), run("ray", 3, 20.0)])
    rates = standings.rates("ray")
    assert rates is not None
    assert [round(value) for value in (rates.median, rates.least, rates.most)] == [40, 20, 50]
    assert standings.rates("kafka") is None


def test_cpu_of_all_processes_counts() -> None:
    assert Standings.of([run("ray", 1, 40.0)]).cpu_ms("ray") == Spread(25.0, 25.0, 25.0)


def test_the_ceiling_is_the_faster_bare_program() -> None:
    one = Standings.of([run("bare-cores", 1, 60.0), run("bare-pool", 1, 70.0)])
    other = Standings.of([run("bare-cores", 1, 80.0), run("bare-pool", 1, 70.0)])
    assert (one.ceiling, other.ceiling, Standings.of([run("ray", 1, 1.0)]).ceiling) == ("bare-pool", "bare-cores", None)


def test_ratios_are_of_the_same_round() -> None:
    runs = [run("ray", 1, 10.0), run("ray", 2, 40.0), run("bare-pool", 1, 20.0), run("bare-pool", 2, 40.0)]
    ratios = Standings.of([*runs, run("ray", 3, 99.0)]).ratios("ray", "bare-pool")
    assert ratios is not None
    assert (round(ratios.median, 2), round(ratios.least, 2), round(ratios.most, 2)) == (0.75, 0.5, 1.0)


def test_one_wrong_run_makes_a_contender_void() -> None:
    standings = Standings.of([run("ray", 1, 40.0), run("ray", 2, 40.0, unequal=3), run("ray", 3, 40.0, unequal=1)])
    worst = standings.void("ray")
    assert worst is not None
    assert worst.unequal == 3
    assert Standings.of([run("ray", 1, 40.0)]).void("ray") is None


def test_works_are_apart() -> None:
    works = by_work([run("ray", 1, 40.0), run("ray", 1, 5.0, work="all-480p-long-50")])
    assert list(works) == ["objects-480p-long", "all-480p-long"]
