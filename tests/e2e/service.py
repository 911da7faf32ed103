"""The running service as a test speaks to it: submit, wait, read everything."""

import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx

WAIT_SECONDS = 240.0
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.5
ENDED = ("completed", "failed", "cancelled")


class Service:
    """A client of the API."""

    def __init__(self, base_url: str) -> None:
        self.http = httpx.Client(base_url=base_url, timeout=60, trust_env=False)

    def upload(self, path: Path, **fields: str) -> str:
        """The path of the video that an upload becomes."""
        with path.open("rb") as file:
            answer = self.http.post("/analysis/upload", data=fields, files={"file": (path.name, file)})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["status_url"])

    def start(self, url: str, **fields: Any) -> str:
        """The path of the video that a URL becomes."""
        answer = self.http.post("/analysis/start", json={"videoURL": url, **fields})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["status_url"])

    def wait(self, path: str) -> dict[str, Any]:
        """The video once it has ended; its progress never goes back and never says more than the truth."""
        until, pause = time.monotonic() + WAIT_SECONDS, FIRST_PAUSE
        last = 0
        while True:
            video: dict[str, Any] = self.http.get(path).raise_for_status().json()
            done = video["frames"]["done"] + video["frames"]["failed"]
            assert done >= last
            last = done
            if video["status"] in ENDED:
                return video
            assert video["progress"] is None or video["progress"] <= 1
            assert time.monotonic() < until, f"not ended: {video}"
            time.sleep(pause)
            pause = min(1.3 * pause, LONGEST_PAUSE)

    def completed(self, path: str) -> dict[str, Any]:
        """The video, which must complete with every frame done."""
        video = self.wait(path)
        assert video["status"] == "completed", video["error"]
        frames = video["frames"]
        assert frames["expected"] == frames["done"] == frames["published"], video
        assert video["progress"] == 1.0
        return video

    def rows(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Every row, by pages; without names of tracks, which are joined later, maybe between two readings."""
        found: list[dict[str, Any]] = []
        params = {"limit": 500, **params}
        while True:
            page = self.http.get(f"{path}/results", params=params).raise_for_status().json()
            found += page["items"]
            for found_one in (d for row in page["items"] for d in row["detections"]):
                found_one.pop("track_id", None)
            if page["next_cursor"] is None:
                return found
            params["cursor"] = page["next_cursor"]

    def by_frame(self, path: str, task: str) -> dict[int, list[dict[str, Any]]]:
        """The detections of one task for each frame."""
        frames: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in self.rows(path, task=task):
            assert row["status"] == "ok", row["error"]
            frames[row["frame_number"]] = row["detections"]
        return frames
