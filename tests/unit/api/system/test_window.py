"""Rates over a window, and how the window is kept."""

import pytest

from api.system.facts import models, processes, stages, workers
from api.system.watch import WINDOW_SECONDS, SystemWatch
from api.system.window import Window, quantile
from pipeline.observing.process_counts import Counted, Counts

INF = float("inf")


def counted(process: str, name: str, value: float, **labels: str) -> dict[Counted, float]:
    """One number."""
    return {Counted(process, f"framewise_{name}", tuple(sorted(labels.items()))): value}


def frames(process: str, done: float) -> dict[Counted, float]:
    """Frames that a worker has done."""
    return counted(process, "frames_total", done, stage="done")


def test_rates_by_stage_and_worker_survive_the_end_of_a_worker() -> None:
    before = frames("a", 100) | frames("b", 50) | frames("ended", 7)
    after = (
        frames("a", 120) | frames("c", 5) | frames("ended", 60) | counted("i", "frames_total", 30, stage="published")
    )
    window = Window(10.0, before, after)
    assert {one.stage: one.frames_per_second for one in stages(window)} == {"done": 2.8, "published": 3.0}
    assert {one.worker: one.frames_per_second for one in workers(window)} == {"a": 2.0, "b": 0.0, "c": 0.5}


def test_a_model_has_a_mean_and_a_quantile() -> None:
    def at(calls: float) -> dict[Counted, float]:
        return (
            counted("a", "model_batch_seconds_sum", 0.02 * calls, model="m")
            | counted("a", "model_batch_pictures_sum", 2 * calls, model="m")
            | counted("a", "model_batch_seconds_bucket", calls, model="m", le="0.02")
            | counted("a", "model_batch_seconds_bucket", 0, model="m", le="+Inf")
        )

    [model] = models(Window(10.0, at(10), at(110)))
    assert model.mean_ms == pytest.approx(10)
    assert model.pictures_per_second == pytest.approx(20)
    assert model.batch_p95_ms == pytest.approx(19)
    [idle] = models(Window(10.0, at(10), at(10)))
    assert (idle.mean_ms, idle.batch_p95_ms) == (None, None)


@pytest.mark.parametrize(
    ("buckets", "share", "value"),
    [
        ({}, 0.5, None),
        ({1.0: 0.0}, 0.5, None),
        ({1.0: 10.0}, 0.5, 0.5),
        ({1.0: 5.0, 3.0: 5.0}, 0.75, 2.0),
        ({1.0: 5.0, INF: 5.0}, 0.95, 1.0),
        ({1.0: 0.0, 2.0: 10.0}, 0.1, 1.1),
    ],
)
def test_quantiles(buckets: dict[float, float], share: float, value: float | None) -> None:
    assert quantile(buckets, share) == (None if value is None else pytest.approx(value))


def test_processors_are_of_processes_that_are_in_both_readings() -> None:
    def at(seconds: float, *names: str) -> dict[Counted, float]:
        found: dict[Counted, float] = {}
        for name in names:
            found |= counted(name, "process_cpu_seconds", seconds, service="worker", pid=name)
            found |= counted(name, "process_memory_bytes", 100, service="worker", pid=name)
        return found

    [shown] = processes(Window(10.0, at(100, "a", "b"), at(109, "a", "c")))
    assert (shown.service, shown.processes, shown.memory_bytes) == ("worker", 2, 200)
    assert shown.processors == pytest.approx(0.9)


def test_a_window_is_half_a_minute_and_is_read_once_a_second() -> None:
    now, reads = [0.0], [0]

    def read() -> Counts:
        reads[0] += 1
        return frames("a", now[0])

    watch = SystemWatch(read, lambda: now[0])
    assert not watch.window().known
    for now[0] in (0.5, 1.0, 1.5):
        watch.window()
    assert reads[0] == 2
    for now[0] in range(5, 100, 5):
        window = watch.window()
        assert stages(window)[0].frames_per_second == 1.0
    assert WINDOW_SECONDS <= window.seconds <= WINDOW_SECONDS + 5
    now[0] = 200.0
    assert watch.window().seconds == 105.0


def test_a_folder_that_cannot_be_read_is_no_window() -> None:
    def read() -> Counts:
        raise TimeoutError("held")

    assert not SystemWatch(read).window().known


def test_the_thread_looks_and_ends() -> None:
    watch = SystemWatch(lambda: frames("a", 1))
    watch.stop(1)
    watch = SystemWatch(lambda: frames("a", 1))
    watch.start()
    watch.stop(5)
    assert not watch._thread.is_alive()
