"""The service says that it lives and how ready it is, whatever it waits for."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import readiness
from api.app import create_app
from api.readiness import heartbeat_check
from api.services import Services
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.results import ModelInfo
from pipeline.readiness import beat, beat_file, mark_ready, unmark_ready
from pipeline.stores.models import InMemoryModelStore

REQUESTS = 60
"""More than the threads that serve requests."""


class SlowModels(InMemoryModelStore):
    """A store that answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.answered, self.asked = threading.Event(), threading.Semaphore(0)

    def all(self) -> list[ModelInfo]:
        self.asked.release()
        self.answered.wait(30)
        return []


def test_it_lives_and_is_ready_while_every_thread_waits_for_a_server(services: Services) -> None:
    slow = SlowModels()
    app = create_app(replace(services, models=slow))
    with TestClient(app, base_url="http://127.0.0.1") as client, ThreadPoolExecutor(REQUESTS + 1) as threads:
        waiting = [threads.submit(client.get, "/models") for _ in range(REQUESTS)]
        try:
            for _ in range(40):
                assert slow.asked.acquire(timeout=20)
            for path in ("/healthz", "/readyz", "/metrics"):
                assert threads.submit(client.get, path).result(10).status_code == 200
            assert not any(request.done() for request in waiting)
        finally:
            slow.answered.set()
        assert {request.result(30).status_code for request in waiting} == {200}


@pytest.fixture
def ended() -> threading.Event:
    return threading.Event()


def ready(services: Services, **checks: Callable[[], str]) -> TestClient:
    return TestClient(create_app(replace(services, checks=checks)), base_url="http://127.0.0.1")


def test_checks_are_asked_at_once_and_waited_for_so_long(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "LIMIT_SECONDS", 0.3)
    ended = threading.Event()
    asked = []

    def hangs() -> str:
        asked.append(1)
        ended.wait(20)
        return "at last"

    client = ready(services, one=hangs, two=hangs, three=lambda: "fine")
    for _ in range(2):
        began = time.monotonic()
        answer = client.get("/readyz")
        assert time.monotonic() - began < 10
        assert answer.status_code == 503
        checks = answer.json()["checks"]
        assert checks["one"] == checks["two"] == {"ok": False, "detail": "no answer within 0.3 s"}
        assert checks["three"] == {"ok": True, "detail": "fine"}
    assert len(asked) == 2, "each that hangs is waited for by one thread"
    ended.set()


def test_many_requests_ask_once(services: Services) -> None:
    asked: list[int] = []

    def check() -> str:
        asked.append(1)
        return "fine"

    client = ready(services, kafka=check)
    assert {client.get("/readyz").status_code for _ in range(20)} == {200}
    assert len(asked) <= 2


def test_what_a_check_raises_is_shown_without_its_text_unless_it_is_ours(services: Services) -> None:
    def away() -> str:
        raise StoreUnavailable("Kafka does not answer")

    def broken() -> str:
        raise OSError("/a/path")

    checks = ready(services, kafka=away, disk=broken).get("/readyz").json()["checks"]
    assert checks["kafka"]["detail"] == "Kafka does not answer"
    assert checks["disk"]["detail"] == "OSError"


def test_a_heartbeat_is_missed_only_where_there_was_one(tmp_path: Path) -> None:
    check = heartbeat_check(tmp_path, "ingest")
    assert check() == "not on this machine"
    mark_ready(tmp_path, "ingest")
    beat(tmp_path, "ingest")
    assert check().startswith("a sign of life")
    os.utime(beat_file(tmp_path, "ingest"), (0, time.time() - 60))
    with pytest.raises(StoreUnavailable, match="ingest gave no sign of life for 60 s"):
        check()
    unmark_ready(tmp_path, "ingest")
    assert check() == "not on this machine"
