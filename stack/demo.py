"""Owns the demonstration: submit a video, show how it goes, and what was found."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from pipeline.contracts.errors import StackError
from stack.findings import Findings
from stack.sample import sample
from stack.settings import StackSettings

FRAME_STEP = 5
POLL_SECONDS = 0.3
STALL_SECONDS = 300.0
PAGE = 1000
KEY = "FRAMEWISE_KEY"
"""Holds the API key, where the service needs one."""

Video = dict[str, Any]


def run(settings: StackSettings, source: str | None, console: Console) -> int:
    """Analyse one video with every task; 0 when it completed. Raises StackError when it cannot be submitted."""
    key = os.environ.get(KEY)
    headers = {"X-API-Key": key} if key else {}
    with httpx.Client(base_url=settings.api_url, timeout=60, trust_env=False, headers=headers) as client:
        video = _submit(client, source or str(sample(settings.data_dir / "cache")))
        console.print(f"Analysing {video['video_name']!r}, every {FRAME_STEP}th frame", highlight=False)
        video = _watch(client, video, console)
        for warning in video["warnings"]:
            console.print(f"warning: {warning}", style="yellow", markup=False)
        if video["status"] != "completed":
            return _say_why(video, console)
        findings = Findings()
        for row in _rows(client, video):
            findings.add(row)
        console.print(findings.table())
        _say_more(settings, client, video, findings, console)
    return 0


def _submit(client: httpx.Client, source: str) -> Video:
    options = {"frameStep": str(FRAME_STEP)}
    if "://" in source:
        return _accepted(client.post("/analysis/start", json={"videoURL": source, **options}))
    path = Path(source)
    if not path.is_file():
        raise StackError(f"there is no file {path}")
    with path.open("rb") as file:
        return _accepted(client.post("/analysis/upload", data=options, files={"file": (path.name, file)}, timeout=None))


def _accepted(answer: httpx.Response) -> Video:
    if answer.status_code != 202:
        raise StackError(f"the video was not taken: {answer.json().get('detail', answer.text)}")
    video: Video = answer.json()
    return video


def _watch(client: httpx.Client, video: Video, console: Console) -> Video:
    """Show the progress until the video has ended, or nothing has moved for minutes."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[counts]}"), TimeElapsedColumn())
    moved, seen = time.monotonic(), None
    with Progress(*columns, console=console) as bar:
        shown = bar.add_task("waiting", total=1.0, counts="")
        while True:
            video = client.get(video["status_url"]).raise_for_status().json()
            frames = video["frames"]
            done, expected = frames["done"] + frames["failed"], frames["expected"]
            counts = f"{done} of {expected or '?'} frames"
            bar.update(shown, description=_stage(video), completed=video["progress"] or 0, counts=counts)
            if video["status"] in ("completed", "failed", "cancelled"):
                return video
            now = (video["status"], done, frames["published"])
            if now != seen:
                moved, seen = time.monotonic(), now
            if time.monotonic() - moved > STALL_SECONDS:
                raise StackError("nothing has moved for five minutes; look at ./run.sh status and ./run.sh logs")
            time.sleep(POLL_SECONDS)


def _stage(video: Video) -> str:
    running = [stage["name"] for stage in video["stages"] if stage["state"] == "running"]
    return running[-1] if running else str(video["status"])


def _say_why(video: Video, console: Console) -> int:
    error = video["error"] or {"title": f"The video was {video['status']}", "detail": ""}
    console.print(f"{error['title']}: {error['detail']}", style="red", markup=False)
    return 1


def _rows(client: httpx.Client, video: Video) -> Iterator[dict[str, Any]]:
    params: dict[str, Any] = {"limit": PAGE}
    while True:
        page = client.get(video["results_url"], params=params).raise_for_status().json()
        yield from page["items"]
        if page["next_cursor"] is None:
            return
        params["cursor"] = page["next_cursor"]


def _say_more(
    settings: StackSettings, client: httpx.Client, video: Video, findings: Findings, console: Console
) -> None:
    number = findings.fullest_frame
    if number is not None:
        folder = settings.data_dir / "demo"
        folder.mkdir(parents=True, exist_ok=True)
        picture = folder / f"{video['video_id']}-frame-{number}.jpg"
        picture.write_bytes(client.get(f"{video['status_url']}/frame/{number}").raise_for_status().content)
        console.print(f"Annotated picture (frame {number}): {picture}", highlight=False, soft_wrap=True)
    console.print(f"All results: curl {settings.api_url}{video['results_url']}", highlight=False, soft_wrap=True)
