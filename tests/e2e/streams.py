"""A published stream as a test follows it: publish, kill, come back, and what has to be true of its rows."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.service import Service
from tests.integration.publishing import Publisher, publishing

LATE = timedelta(seconds=15)
"""A row is readable within seconds of its frame; machines that run tests are slow."""


@dataclass
class Stream:
    """A video that somebody publishes."""

    service: Service
    made: dict[str, Any]
    clip: Path
    folder: Path

    @classmethod
    def ask(cls, service: Service, clip: Path, folder: Path, **fields: Any) -> "Stream":
        """Have an endpoint for it."""
        body = {"modelsToRun": ["color_detection"], "sampleSeconds": 0.5, **fields}
        answer = service.http.post("/analysis/rtmp-endpoint", json=body)
        assert answer.status_code == 201, answer.text
        return cls(service, answer.json(), clip, folder)

    @property
    def path(self) -> str:
        """Of its video."""
        return str(self.made["status_url"])

    @contextmanager
    def publisher(self, height: int = 240) -> Iterator[Publisher]:
        """Publish until the end of the block at the latest."""
        with publishing(self.clip, self.made["rtmp_endpoint"], self.folder, 600, height) as found:
            yield found

    def video(self) -> dict[str, Any]:
        """As it stands; empty while the service is away."""
        try:
            answer = self.service.http.get(self.path)
        except httpx.TransportError:
            return {}
        found: dict[str, Any] = answer.json()
        return found if answer.status_code == 200 else {}

    def until(self, wanted: Callable[[dict[str, Any]], bool], what: str, seconds: float = 60.0) -> dict[str, Any]:
        """The video once it is so."""
        limit = time.monotonic() + seconds
        while True:
            video = self.video()
            if video and wanted(video):
                return video
            assert time.monotonic() < limit, f"not reached in {seconds:g} s: {what}; {video}"
            time.sleep(0.2)

    def until_more(self, frames: int, seconds: float = 60.0) -> dict[str, Any]:
        """The video once so many more frames have been analysed."""
        before = self.until(lambda v: True, "an answer", seconds)["frames"]["done"]
        return self.until(lambda v: bool(v["frames"]["done"] >= before + frames), f"{frames} more frames", seconds)

    def rows(self) -> list[dict[str, Any]]:
        """Its rows, by frame; each is there once, of its own video, and none goes back in time."""
        rows = self.service.rows(self.path)
        numbers = [row["frame_number"] for row in rows]
        assert numbers == sorted(set(numbers))
        assert {row["video_id"] for row in rows} == {self.made["video_id"]}
        times = [moment(row["captured_at"]) for row in rows]
        assert times == sorted(times)
        for row, at in zip(rows, times, strict=True):
            assert abs((at - times[0]) / timedelta(seconds=1) - row["media_time"]) < 0.01
        return rows

    def is_fresh(self) -> None:
        """Its newest row is of now, by the clock on the wall."""
        age = self._age()
        assert -timedelta(seconds=1) < age < LATE, age

    def until_fresh(self, seconds: float = 60.0) -> None:
        """Wait until it is: what had been sent before the analysis was away comes first."""
        limit = time.monotonic() + seconds
        while (age := self._age()) >= LATE:
            assert time.monotonic() < limit, f"the newest row is {age} old after {seconds:g} s"
            time.sleep(0.5)
        self.is_fresh()

    def _age(self) -> timedelta:
        return datetime.now(UTC) - moment(self.rows()[-1]["captured_at"])

    def completed(self) -> dict[str, Any]:
        """The video, once its publisher has been gone for long enough."""
        video = self.service.completed(self.path)
        assert len(self.rows()) == video["frames"]["done"]
        return video


def moment(text: str) -> datetime:
    """A time of the API's."""
    return datetime.fromisoformat(text)
