"""Owns several uploads of one film, and how many of their frames had an outcome at which moment."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

TASKS = "objects_detection,faces_detection,emotions_detection,color_detection"
SAMPLE_SECONDS = 0.25
WAIT_SECONDS = 600.0
ENDED = ("completed", "failed", "cancelled")


@dataclass
class Feeds:
    """Uploads of one file, and what was seen of them."""

    client: httpx.Client
    paths: list[str] = field(default_factory=list)
    seen: list[tuple[float, int]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self, film: Path, count: int) -> None:
        """Have the file analysed so many times."""
        for number in range(1, count + 1):
            with film.open("rb") as file:
                form = {"modelsToRun": TASKS, "frameStep": "1", "videoName": f"feed {number}"}
                answer = self.client.post("/analysis/upload", data=form, files={"file": (film.name, file)})
            self.paths.append(answer.raise_for_status().json()["status_url"])

    def done(self) -> int:
        """Frames of all of them with an outcome."""
        frames = (self.client.get(path).raise_for_status().json()["frames"] for path in self.paths)
        return sum(one["done"] + one["failed"] for one in frames)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look again and again meanwhile."""
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(10)

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            self.seen.append((time.monotonic(), self.done()))

    def rate(self, began: float, ended: float) -> float:
        """Frames a second between two moments."""
        inside = [(at, count) for at, count in self.seen if began <= at <= ended]
        (first, before), (last, after) = inside[0], inside[-1]
        return (after - before) / (last - first)

    def pause(self, began: float, ended: float) -> float:
        """The longest time between two moments in which no outcome came."""
        moves = [began]
        for (_, before), (at, after) in itertools.pairwise(self.seen):
            if began <= at <= ended and after > before:
                moves.append(at)
        return max(b - a for a, b in itertools.pairwise([*moves, ended]))

    def statuses(self) -> list[str]:
        """How each ended, with its counts; waits for it."""
        until = time.monotonic() + WAIT_SECONDS
        found = []
        for path in self.paths:
            while (shown := self.client.get(path).raise_for_status().json())["status"] not in ENDED:
                if time.monotonic() > until:
                    raise TimeoutError(f"not ended: {shown}")
                time.sleep(1)
            frames = shown["frames"]
            found.append(f"{shown['status']}, {frames['done']} of {frames['expected']}, {frames['failed']} failed")
        return found
