"""The command line, the client, the Postman collection and the notebook against the whole running service."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import nbformat
import pyarrow.parquet as pq
import pytest

from api.documents.operations import operations
from framewise import Client
from pipeline.contracts.settings import ROOT
from stack.trial import Trial
from tests.e2e.clips import make_clip
from tests.e2e.postman import Runner

WAIT_SECONDS = 60.0


@pytest.fixture(scope="module")
def client(stack: Trial, models: dict[str, Any]) -> Iterator[Client]:
    with Client(stack.settings.api_url) as found:
        yield found


@pytest.fixture(scope="module")
def analysed(stack: Trial, models: dict[str, Any], media: Path) -> str:
    """A real video that was submitted and waited for on the command line; its id."""
    status, shown, said = framewise(
        stack,
        "submit",
        media / "video" / "woman_dog.mp4",
        "--tasks",
        "objects,colors",
        "--step",
        10,
        "--wait",
        "--json",
    )
    assert status == 0, said
    video = json.loads(shown)
    assert (video["status"], video["frames"]["done"]) == ("completed", 29)
    assert "analysing" in said or "completed" in said
    return str(video["video_id"])


def environment(stack: Trial) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "FRAMEWISE_URL": stack.settings.api_url}


def framewise(stack: Trial, *words: object) -> tuple[int, str, str]:
    """The status, the output and the errors of the command."""
    command = [sys.executable, "-m", "framewise", *map(str, words)]
    done = subprocess.run(command, env=environment(stack), capture_output=True, text=True, timeout=240, check=False)
    return done.returncode, done.stdout, done.stderr


def test_what_was_found_is_shown(stack: Trial, analysed: str, tmp_path: Path) -> None:
    rows = framewise(stack, "results", analysed, "--task", "objects", "--label", "dog", "--min-confidence", 0.5)[1]
    assert "dog 0." in rows
    status, table, _ = framewise(stack, "summary", analysed, "--min-confidence", 0.5)
    assert status == 0
    assert {line.split("\t")[1] for line in table.splitlines()[1:]} >= {"person", "dog"}
    assert framewise(stack, "frame", analysed, 1, "-o", tmp_path / "1.jpg")[0] == 0
    assert (tmp_path / "1.jpg").read_bytes()[:2] == b"\xff\xd8"


@pytest.mark.parametrize("format_", ["json", "csv", "parquet", "coco"])
def test_results_become_files(stack: Trial, analysed: str, tmp_path: Path, format_: str) -> None:
    path = tmp_path / f"results.{format_}"
    status, _, said = framewise(stack, "export", analysed, "-o", path)
    assert (status, said) == (0, "")
    if format_ == "parquet":
        assert pq.read_table(path).num_rows == 58
    elif format_ == "csv":
        assert len(path.read_text().splitlines()) > 58
    else:
        assert json.loads(path.read_text())


def test_a_search_finds_it(stack: Trial, analysed: str) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while analysed not in (shown := framewise(stack, "search", "dog")[1]):
        assert time.monotonic() < until, shown
        time.sleep(0.5)


def test_events_are_those_of_the_rows(client: Client, analysed: str) -> None:
    events = list(client.events(analysed))
    assert (events[-1].type, events[-1].data["status"]) == ("state", "completed")
    results = [(e.data["frame_number"], e.data["task"]) for e in events if e.type == "result"]
    assert results == [(row.frame_number, row.task) for row in client.results(analysed)]
    middle = events[len(events) // 2]
    assert [e.id for e in client.events(analysed, middle.id)] == [e.id for e in events if e.id][len(events) // 2 + 1 :]


def test_results_come_while_it_is_analysed(stack: Trial, client: Client, media: Path) -> None:
    video = client.upload(media / "video" / "flower_red.mp4", tasks=["color_detection"], frame_step=5)
    status, shown, said = framewise(stack, "live", video.video_id)
    assert status == 0, said
    assert shown.count("color_detection") == 30
    assert shown.splitlines()[-1] == "state completed"


def test_a_rerun_is_compared(stack: Trial, client: Client, analysed: str) -> None:
    status, shown, said = framewise(stack, "rerun", analysed, "--tasks", "objects:0.8", "--wait", "--json")
    assert status == 0, said
    again = json.loads(shown)
    assert (again["parent_id"], again["frames"]["done"]) == (analysed, 29)
    compared = client.compare(analysed, again["video_id"])
    assert compared.same_source
    status, table, _ = framewise(stack, "compare", analysed, again["video_id"])
    assert (status, "person" in table) == (0, True)


def test_control(stack: Trial, client: Client, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "long.mp4", 3000)
    video_id = framewise(stack, "submit", clip, "--tasks", "objects")[1].strip()
    assert framewise(stack, "cancel", video_id)[:2] == (0, f"{video_id} cancelled\n")
    assert framewise(stack, "watch", video_id)[0] == 1
    assert framewise(stack, "retry", video_id)[:2] == (0, f"{video_id} pending\n")
    assert framewise(stack, "delete", video_id, "--yes")[0] == 0
    status, _, said = framewise(stack, "watch", video_id)
    assert (status, "deleted" in said) == (1, True)


def test_a_file_is_submitted_once(stack: Trial, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", 5)
    ids = {framewise(stack, "submit", clip, "--tasks", "colors", "--once")[1] for _ in range(2)}
    other = framewise(stack, "submit", clip, "--tasks", "colors", "--step", 2, "--once")[1]
    assert len(ids) == 1
    assert other not in ids


NEED_MORE = ("redeliver", "send_frame", "get_clip_segment")
"""What the collection has nothing for: a delivery, a camera's picture, a place in a playlist."""


def test_the_collection_runs_from_top_to_bottom(stack: Trial, models: dict[str, Any], media: Path) -> None:
    url = stack.settings.api_url
    document = httpx.get(f"{url}/openapi.json", trust_env=False).json()
    found = {operation.content["summary"]: operation for operation in operations(document)}
    runner = Runner(
        json.loads((ROOT / "docs" / "postman.json").read_text()),
        {summary: operation.name for summary, operation in found.items()},
        base_url=url,
        video_file=str(media / "video" / "woman_dog.mp4"),
        photo_file=str(media / "photos" / "grace_hopper.jpg"),
    )
    sent = list(runner.run())
    assert {name for name, _ in sent} == {operation.name for operation in found.values()}
    documented = {operation.name: operation.statuses for operation in found.values()}
    assert [(name, a.status_code) for name, a in sent if a.status_code not in documented[name]] == []
    refused = [(name, answer.text) for name, answer in sent if answer.status_code >= 400 and name not in NEED_MORE]
    assert refused == []


def test_the_notebook_runs(stack: Trial, models: dict[str, Any], media: Path, tmp_path: Path) -> None:
    notebook = Path(shutil.copy(ROOT / "docs" / "framewise.ipynb", tmp_path))
    variables = environment(stack) | {"FRAMEWISE_VIDEO": str(media / "video" / "woman_dog.mp4")}
    command = [str(Path(sys.executable).parent / "jupyter-execute"), "--inplace", str(notebook)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    cells = nbformat.read(notebook, as_version=4).cells  # type: ignore[no-untyped-call]
    assert any("image/jpeg" in output.get("data", {}) for cell in cells for output in cell.get("outputs", ()))
