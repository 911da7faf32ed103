"""How many workers live frames need, by how busy those are."""

from spark_jobs.live_need import IDLE_SECONDS, SPAN_SECONDS, LiveNeed


class Trial:
    """Looks every span while `rate` workers are kept busy."""

    def __init__(self) -> None:
        self.now, self.busy = 0.0, 0.0
        self.need = LiveNeed(lambda: self.busy, lambda: self.now)
        self.tasks = 1

    def pass_time(self, seconds: float, rate: float, most: int = 4, least: int = 1) -> None:
        until = self.now + seconds
        while self.now < until:
            self.now += SPAN_SECONDS / 4
            self.busy += rate * SPAN_SECONDS / 4
            self.tasks = self.need.tasks(self.tasks, least, most)


def test_one_that_has_rest_stays_alone() -> None:
    trial = Trial()
    trial.pass_time(100, 0.6)
    assert trial.tasks == 1


def test_one_without_rest_gets_another_until_there_is_some() -> None:
    trial = Trial()
    trial.pass_time(2.5 * SPAN_SECONDS, 0.95)
    assert trial.tasks == 2
    trial.pass_time(100, 1.3)
    assert trial.tasks == 2
    trial.pass_time(100, 4)
    assert trial.tasks == 4


def test_there_are_never_more_than_may_be_nor_fewer_than_at_the_start() -> None:
    trial = Trial()
    trial.pass_time(100, 3, most=2)
    assert trial.tasks == 2
    trial.pass_time(1, 3, most=1)
    assert trial.tasks == 1
    trial.pass_time(1, 0, most=1, least=3)
    assert trial.tasks == 3


def test_one_that_was_not_needed_for_long_goes() -> None:
    trial = Trial()
    trial.pass_time(100, 4, most=2)
    trial.pass_time(IDLE_SECONDS - 20, 0.1)
    assert trial.tasks == 2
    trial.pass_time(2 * SPAN_SECONDS, 1.4)
    trial.pass_time(40, 0.1)
    assert trial.tasks == 2, "it was needed a moment ago"
    trial.pass_time(IDLE_SECONDS + 20, 0.1)
    assert trial.tasks == 1


def test_without_knowledge_nothing_changes() -> None:
    now = [0.0]
    need = LiveNeed(lambda: None, lambda: now[0])
    for now[0] in range(0, 1000, 10):
        assert need.tasks(2, 1, 4) == 2
