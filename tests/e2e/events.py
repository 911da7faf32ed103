"""A client of events that loses its connection as it is told to, and goes on where it was."""

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.unit.api.events.listening import Event, parsed

LIMIT = 240.0
PAUSE = 0.2


@dataclass
class Listener:
    """Everything that came over all connections. It hangs up after so many events as `cuts` says, one after the other,
    and goes on behind the last id.
    """

    url: str
    path: str
    previews: bool = False
    cuts: list[int] = field(default_factory=list)
    came: list[Event] = field(default_factory=list)
    connections: int = 0
    over: bool = False

    def __post_init__(self) -> None:
        self._http = httpx.Client(base_url=self.url, timeout=30, trust_env=False)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> "Listener":
        """Listen in a thread until there is nothing more."""
        self._thread.start()
        return self

    def join(self, seconds: float = LIMIT) -> None:
        """Wait for the end."""
        self._thread.join(seconds)
        self._http.close()
        assert self.over, f"no end after {len(self.came)} events"

    @property
    def last_id(self) -> str | None:
        """The id that a browser would send."""
        return next((event.id for event in reversed(self.came) if event.id), None)

    @property
    def ids(self) -> list[str]:
        """The ids of all events that have one."""
        return [event.id for event in list(self.came) if event.id]

    def rows(self, kind: str = "result") -> list[tuple[int, str]]:
        """Frame number and task of all rows."""
        return [(e.data["frame_number"], e.data["task"]) for e in list(self.came) if e.kind == kind]

    def result(self, key: tuple[int, str]) -> dict[str, Any]:
        """The row of a frame and task."""
        return next(e.data for e in self.came if e.kind == "result" and (e.data["frame_number"], e.data["task"]) == key)

    def _run(self) -> None:
        until = time.monotonic() + LIMIT
        while not self.over and time.monotonic() < until:
            try:
                self._connect()
            except httpx.TransportError:
                time.sleep(PAUSE)

    def _connect(self) -> None:
        headers = {"Last-Event-ID": self.last_id} if self.last_id else {}
        params = {"previews": str(self.previews).lower()}
        with self._http.stream("GET", f"{self.path}/events", headers=headers, params=params) as answer:
            self.connections += 1
            if answer.status_code != 200:
                self.over = answer.status_code == 204
                time.sleep(PAUSE)
                return
            text = ""
            for piece in answer.iter_text(random.randint(1, 5000)):
                *whole, text = (text + piece).split("\n\n")
                for event in (event for block in whole for event in parsed(block)):
                    self.came.append(event)
                    if self.cuts and len(self.came) >= self.cuts[0]:
                        self.cuts.pop(0)
                        return
