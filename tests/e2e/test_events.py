"""Events of a real analysis: whatever is cut or killed, nothing is lost and nothing comes twice."""

import logging
import random
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.disturbance import Subject, seed_for, until
from tests.e2e.events import Listener
from tests.e2e.films import Film
from tests.e2e.service import Service

log = logging.getLogger(__name__)
CUTS = 10
LEAST_ROWS = 190
KILLS = 20


@pytest.fixture(autouse=True)
def chance(request: pytest.FixtureRequest) -> None:
    """The moments are random."""
    seed_for(request.node.name)


def check_whole(listener: Listener, rows: list[dict[str, Any]]) -> None:
    """The union of what came is what is stored, in order, each once."""
    stored = [(row["frame_number"], row["task"]) for row in rows]
    assert len(set(listener.ids)) == len(listener.ids)
    assert listener.rows() == stored
    for row in rows:
        came = listener.result((row["frame_number"], row["task"]))
        assert came["detections"] == row["detections"]
        assert came["status"] == row["status"]
    states = [e.data["status"] for e in listener.came if e.kind == "state" and e.id]
    assert states[-1] == "completed"
    assert states[:-1] in (["pending", "processing"], ["processing"])


@pytest.mark.timeout(400)
def test_connections_are_cut_ten_times(service: Service, models: dict[str, Any], tmp_path: Path) -> None:
    film = Film.of(models, tmp_path)
    path = service.upload(film.path, **film.fields | {"frameStep": "4"})
    cuts = sorted(random.sample(range(2, LEAST_ROWS), CUTS))
    listener = Listener(str(service.http.base_url), path, cuts=cuts).start()
    video = service.completed(path)
    listener.join()
    assert listener.connections > CUTS
    rows = service.rows(path)
    assert len({row["frame_number"] for row in rows}) == video["frames"]["done"]
    check_whole(listener, rows)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_workers_are_killed_at_twenty_points(subject: Subject, tmp_path: Path) -> None:
    film = Film.of(subject.tasks, tmp_path)
    subject.all_up()
    killed = 0
    while killed < KILLS:
        path = subject.service.upload(film.path, **film.fields)
        listener = Listener(subject.stack.settings.api_url, path, previews=True).start()
        killed += _kill_some(subject, path, KILLS - killed)
        video = subject.completed(path)
        listener.join()
        rows = subject.service.rows(path)
        assert len({row["frame_number"] for row in rows}) == video["frames"]["expected"]
        check_whole(listener, rows)
        assert all(event.id is None for event in listener.came if event.kind == "preview")
        assert set(listener.rows("preview")) <= set(listener.rows())
        assert len(set(listener.rows("preview"))) > len(listener.rows()) // 2
        log.warning("%d workers killed; %d previews, %d results", killed, len(listener.rows("preview")), len(rows))


def _kill_some(subject: Subject, path: str, most: int) -> int:
    """Kill workers at random points of an analysis; how many."""
    killed, at = 0, 0
    while killed < min(most, 7):
        at += random.randint(15, 45)
        until(lambda at=at: subject.stored(path) >= at or _ended(subject, path), f"{at} frames are stored")  # type: ignore[misc]
        if _ended(subject, path):
            break
        try:
            subject.python_worker().kill()
        except (AssertionError, IndexError, psutil.Error):
            continue
        killed += 1
    return killed


def _ended(subject: Subject, path: str) -> bool:
    answer = subject.service.http.get(path)
    return answer.status_code == 200 and answer.json()["status"] in ("completed", "failed")
