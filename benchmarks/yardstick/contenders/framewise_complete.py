"""Owns the complete Framewise as a contender: uploads to the service, until every video is completed."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from benchmarks.yardstick.contender import Course
from benchmarks.yardstick.crew import RUN_SECONDS
from benchmarks.yardstick.findings import Finding, Found, key
from stack.settings import StackSettings

POLL_SECONDS = 2.0
"""Asking costs the service something; when it was done, its answer says."""
PAGE = 1000
WARM_CLIPS = 10


class FramewiseComplete:
    """Every clip of the work is uploaded, one after the other; all are waited for. The stack runs already."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._client = httpx.Client(base_url=StackSettings().api_url, timeout=120, trust_env=False)
        self._paths: list[str] = []

    def prepare(self) -> None:
        """A long clip and, where many are to come, some of them: what begins and ends videos is warm then too."""
        clips = self._course.work.clips
        warm = [self._course.work.warm_clip, *(clips[:WARM_CLIPS] if len(clips) > 1 else ())]
        self._wait([self._submit(path) for path in warm])

    def processes(self) -> Mapping[str, list[int]]:
        return {}

    def run(self) -> float:
        """Until the last video was completed, by the service's clock."""
        began = datetime.now(UTC)
        self._paths = [self._submit(path) for path in self._course.work.clips]
        return (self._wait(self._paths) - began).total_seconds()

    def found(self) -> Found:
        return {
            key(clip, number): said
            for clip, path in enumerate(self._paths)
            for number, said in self._results(path).items()
        }

    def close(self) -> None:
        """The videos stay as long as the stack: a deleted one is wiped again for hours, in the time of runs to come."""
        self._client.close()

    def _submit(self, path: Path) -> str:
        with path.open("rb") as file:
            form = {"modelsToRun": ",".join(self._course.work.tasks), "frameStep": "1"}
            answer = self._client.post("/analysis/upload", data=form, files={"file": (path.name, file)})
        status: str = answer.raise_for_status().json()["status_url"]
        return status

    def _wait(self, paths: list[str]) -> datetime:
        """When the last of them was completed."""
        until = time.monotonic() + RUN_SECONDS
        ends = []
        for path in paths:
            while (shown := self._client.get(path).raise_for_status().json())["status"] in ("pending", "processing"):
                if time.monotonic() > until:
                    raise TimeoutError(f"not completed: {shown}")
                time.sleep(POLL_SECONDS)
            if shown["status"] != "completed" or shown["frames"]["failed"]:
                raise RuntimeError(f"not completed: {shown}")
            ends.append(datetime.fromisoformat(shown["finished_at"]))
        return max(ends)

    def _results(self, path: str) -> dict[int, list[Finding]]:
        """What is stored of a video, by frame."""
        found: dict[int, list[Finding]] = {}
        params: dict[str, Any] = {"limit": PAGE}
        while True:
            page = self._client.get(f"{path}/results", params=params).raise_for_status().json()
            for row in page["items"]:
                said = [(row["task"], d["label"], d["confidence"]) for d in row["detections"]]
                found.setdefault(row["frame_number"], []).extend(said)
            if page["next_cursor"] is None:
                return found
            params["cursor"] = page["next_cursor"]


contender = FramewiseComplete
