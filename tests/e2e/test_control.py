"""Cancel, retry and delete on the whole stack, in the middle of a real video."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from pipeline.cassandra.client import CassandraClient
from stack.trial import Trial
from tests.e2e.clips import make_clip
from tests.e2e.films import Film
from tests.e2e.service import Service
from tests.integration.test_clear_frames import named
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
TOMBSTONES = {"deleted_videos", "due_wipes"}


@pytest.fixture(scope="module")
def client(stack: Trial) -> Iterator[CassandraClient]:
    client = CassandraClient(stack.cassandra())
    yield client
    client.close()


@pytest.fixture(scope="module")
def film(models: dict[str, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Film:
    return Film.of(models, tmp_path_factory.mktemp("film"))


def video_of(service: Service, path: str) -> dict[str, Any]:
    found: dict[str, Any] = service.http.get(path).raise_for_status().json()
    return found


def begun(service: Service, film: Film, frames: int) -> str:
    """The path of a video of which so many frames are analysed."""
    path = service.upload(film.path, **film.fields)
    wait_until(lambda: video_of(service, path)["frames"]["done"] >= frames, 120)
    return path


def ledger(client: CassandraClient, path: str) -> dict[int, Any]:
    """When each frame was entered, and with which write timestamp."""
    select = "SELECT frame_number, stored_at, writetime(stored_at) AS written FROM ledger WHERE video_id = %s"
    rows = client.session.execute(f"{select} ALLOW FILTERING", (UUID(path.rpartition("/")[2]),))
    return {row.frame_number: (row.stored_at, row.written) for row in rows}


def settled(client: CassandraClient, path: str) -> dict[int, Any]:
    """The ledger once what was under way has arrived."""
    before = ledger(client, path)
    while True:
        time.sleep(5)
        now = ledger(client, path)
        if now == before:
            return now
        before = now


def test_cancelled_in_the_middle_and_tried_again(service: Service, client: CassandraClient, film: Film) -> None:
    path = begun(service, film, 30)
    assert service.http.post(f"{path}/cancel").json()["status"] == "cancelled"
    before = settled(client, path)
    rows = {(row["frame_number"], row["task"]): row for row in service.rows(path)}
    stood = video_of(service, path)["frames"]
    again = service.http.post(f"{path}/retry")
    assert (again.status_code, again.json()["attempt"]) == (202, 2)
    assert again.json()["frames"]["done"] == stood["done"]
    video = service.completed(path)
    assert len(before) < video["frames"]["expected"]
    after = ledger(client, path)
    assert len(after) == video["frames"]["expected"]
    assert {number: after[number] for number in before} == before  # not entered again
    now = service.rows(path)
    assert (
        len(now) == len({(row["frame_number"], row["task"]) for row in now}) == len(after) * len(video["models_to_run"])
    )
    for row in now:
        assert row["status"] == "ok"
        if (key := (row["frame_number"], row["task"])) in rows:
            assert row == rows[key]  # the same worker, the same milliseconds: not analysed again
    assert service.http.post(f"{path}/retry").json()["attempt"] == 2
    assert service.http.post(f"{path}/cancel").json()["status"] == "completed"


def test_deleted_in_the_middle_nothing_comes_back(
    service: Service, client: CassandraClient, stack: Trial, film: Film, tmp_path: Path
) -> None:
    path = begun(service, film, 30)
    video_id = UUID(path.rpartition("/")[2])
    folders = [stack.settings.data_dir / name / str(video_id) for name in ("frames", "sources")]
    assert all(folder.exists() for folder in folders)
    assert service.http.delete(path).status_code == 204
    wait_until(lambda: {*named(client, video_id)} == TOMBSTONES and not any(f.exists() for f in folders), 45)
    # Frames of a later video have come through every partition: none of the deleted one is left in the topic.
    service.completed(service.upload(make_clip(tmp_path / "later.mp4", 64), modelsToRun="color_detection"))
    wait_until(lambda: {*named(client, video_id)} == TOMBSTONES and not any(f.exists() for f in folders), 45)
    quiet_until = time.monotonic() + 10
    while time.monotonic() < quiet_until:
        assert {*named(client, video_id)} == TOMBSTONES
        assert not any(folder.exists() for folder in folders)
        time.sleep(1)
    answer = service.http.get(path)
    assert (answer.status_code, "was deleted at" in answer.json()["detail"]) == (404, True)
    assert service.http.delete(path).status_code == 204


def test_a_failed_upload_is_tried_again_from_its_file(service: Service, stack: Trial, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(make_clip(tmp_path / "whole.mp4", 20).read_bytes()[:600])
    path = service.upload(broken, modelsToRun="color_detection")
    first = service.wait(path)
    assert first["status"] == "failed"
    source = stack.settings.data_dir / "sources" / path.rpartition("/")[2] / "source"
    assert source.read_bytes() == broken.read_bytes()
    # What no user can do: the file is another one now, of which nothing has been taken yet.
    source.write_bytes((tmp_path / "whole.mp4").read_bytes())
    source.with_suffix(".sha256").unlink()
    assert service.http.post(f"{path}/retry").json()["attempt"] == 2
    video = service.completed(path)
    assert video["frames"]["done"] == 20
    wait_until(lambda: not source.exists(), 20)
