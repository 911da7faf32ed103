"""Disturbing a real stack in the middle of a video, and what has to be true afterwards."""

import contextlib
import hashlib
import logging
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import httpx
import psutil
import pytest

from pipeline.cassandra.client import CassandraClient
from pipeline.contracts.errors import StoreUnavailable
from pipeline.identity import process_of
from stack.processes import end, family
from stack.settings import child_environment
from stack.state import ServiceStatus, StackState, read_state
from stack.trial import Trial, trial
from tests.e2e.films import Analysis
from tests.e2e.service import ENDED, Service
from tests.processes import command_line
from tests.waiting import wait_until

log = logging.getLogger(__name__)

VICTIMS = ("ingest", "worker", "analysis", "kafka", "cassandra", "api")
SEED = os.environ.get("FRAMEWISE_TEST_SEED", str(time.time_ns() % 2**32))
"""Moments and pairs are random; a failure shows the seed, which can be set to see it again."""
FIRST, LAST = 0.2, 0.8
"""The shares of the rows between which a process is disturbed."""
LIMIT = 240.0
SETTINGS = {"FRAMEWISE_FRAMES_IN_FLIGHT": "60", "FRAMEWISE_LEASE_SECONDS": "6"}
"""Ingest is busy nearly until the end, and is taken over soon."""


def seed_for(name: str) -> None:
    """Begin a test's chances."""
    log.warning("FRAMEWISE_TEST_SEED=%s", SEED)
    random.seed(f"{SEED} {name}")


def until(wanted: Callable[[], bool], what: str, seconds: float = LIMIT) -> None:
    """Wait until it is so; while the store is away, it is not."""

    def so() -> bool:
        with contextlib.suppress(StoreUnavailable):
            return wanted()
        return False

    wait_until(so, seconds, lambda: f"not reached in {seconds:g} s: {what}")


class Subject:
    """A running stack with its API and, past the API, its ledger."""

    def __init__(self, running: Trial) -> None:
        self.stack = running
        self.service = Service(running.settings.api_url)
        self._store = CassandraClient(running.cassandra())

    def close(self) -> None:
        """Give back connections."""
        self.service.http.close()
        self._store.close()

    @property
    def state(self) -> StackState:
        """What the supervisor wrote last."""
        state = read_state(self.stack.settings.state_file)
        assert state is not None
        return state

    def status(self, name: str) -> ServiceStatus:
        """One service."""
        return self.state.services[name]

    @property
    def failures(self) -> dict[str, int]:
        """How often each service was started again."""
        return {name: status.failures for name, status in self.state.services.items()}

    def process(self, name: str) -> psutil.Process:
        """The process of a service."""
        process = process_of(self.status(name).process)
        assert process is not None
        return process

    def python_worker(self) -> psutil.Process:
        """One of the processes that run models: a child of pyspark's daemon."""
        found = [p for p in family(self.status("analysis").process) if _is_daemon(p) and _is_daemon(p.parent())]
        assert found
        return random.choice(found)

    def victim(self, name: str) -> psutil.Process:
        """The process that is meant by a name of a service, or `worker`."""
        return self.python_worker() if name == "worker" else self.process(name)

    @contextlib.contextmanager
    def second_ingest(self) -> Iterator[psutil.Process]:
        """Another ingest, with files of its own as on another machine; it is asked to end afterwards."""
        with tempfile.TemporaryDirectory() as folder:
            environment = child_environment(self.stack.settings, "") | {"FRAMEWISE_DATA_DIR": folder}
            with Path(folder, "log").open("wb") as log:
                process = psutil.Popen(
                    [sys.executable, "-m", "ingest.main"], env=environment, cwd=folder, stdout=log, stderr=log
                )
            try:
                yield process
            finally:
                end([process, *process.children(recursive=True)], 20)

    @property
    def tasks(self) -> list[str]:
        """The tasks whose models can be had."""
        models = self.service.http.get("/models").raise_for_status().json()["items"]
        return [model["task"] for model in models if model["model"]]

    def log(self, name: str) -> str:
        """What a service has said."""
        return (self.stack.settings.log_dir / f"{name}.log").read_text(errors="replace")

    def stored(self, path: str) -> int:
        """How many frames of a video have an outcome."""
        rows = self._store.rows("SELECT done, failed FROM ledger_counts WHERE video_id = ?", (_id(path),))
        return sum(row.done + row.failed for row in rows)

    def all_published(self, path: str) -> bool:
        """Whether ingest has nothing more to do for a video."""
        row = self._store.execute("SELECT frames_expected FROM videos WHERE video_id = ?", (_id(path),)).one()
        return row is not None and row.frames_expected is not None

    def leaseholder(self, path: str) -> int | None:
        """The process id of the ingest that works on a video."""
        row = self._store.execute("SELECT lease_owner FROM videos WHERE video_id = ?", (_id(path),)).one()
        return int(row.lease_owner.rpartition("#")[0].rpartition(":")[2]) if row and row.lease_owner else None

    def in_the_middle(self, path: str, frames: int, act: Callable[[], object], reachable: bool = True) -> None:
        """Act when between 20 and 80 % of the rows are stored; so many are stored just after, too.

        Not `reachable` is said of the store itself: while it is away, nothing is stored.
        """
        wanted = random.uniform(FIRST + 0.05, LAST - 0.25) * frames
        until(lambda: self.stored(path) >= wanted, "the middle of the video")
        before = self.stored(path)
        act()
        after = self.stored(path) if reachable else before
        assert FIRST * frames <= before <= after <= LAST * frames, (before, after, frames)

    def completed(self, path: str) -> dict[str, Any]:
        """The video, which must complete, whatever is away meanwhile."""
        video: dict[str, Any] = {}

        def ended() -> bool:
            nonlocal video
            try:
                answer = self.service.http.get(path)
            except httpx.TransportError:
                return False
            video = answer.json() if answer.status_code == 200 else {}
            assert answer.status_code in (200, 503), answer.text
            return video.get("status") in ENDED

        until(ended, f"the end of {path}")
        return self.service.completed(path)

    def all_up(self) -> None:
        """Wait until every service is ready."""
        until(lambda: all(status.up for status in self.state.services.values()), "every service is ready")

    def analysis(self, path: str) -> Analysis:
        """Everything that is kept of a video that has completed."""
        video = self.completed(path)
        rows = self.service.rows(path)
        found = {(row["frame_number"], row["task"]): row for row in rows}
        assert len(found) == len(rows), "a row is there twice"
        frames = {number: self._frame(path, number) for number in sorted({number for number, _ in found})}
        assert len(frames) == video["frames"]["expected"]
        return Analysis(found, frames)

    def _frame(self, path: str, number: int) -> str:
        answer = self.service.http.get(f"{path}/frame/{number}", params={"annotate": "false"}).raise_for_status()
        assert answer.content[:2] == b"\xff\xd8"
        assert answer.content[-2:] == b"\xff\xd9"
        return hashlib.sha256(answer.content).hexdigest()


def _is_daemon(process: psutil.Process | None) -> bool:
    return process is not None and "pyspark.daemon" in command_line(process).split()


def _id(path: str) -> UUID:
    return UUID(path.rpartition("/")[2])


@contextlib.contextmanager
def disturbed_stack(web: str, settings: Mapping[str, str] = MappingProxyType({}), **more: Any) -> Iterator[Subject]:
    """A stack of its own, to be killed: small batches, so that rows come steadily. It fetches from `web`."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {**SETTINGS, **settings, "FRAMEWISE_ALLOWED_HOSTS": web.removeprefix("http://")}.items():
            environment.setenv(name, value)
        with trial(workers=2, batch_frames=16, **more) as running, contextlib.closing(Subject(running)) as subject:
            yield subject
