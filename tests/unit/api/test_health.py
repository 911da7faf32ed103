"""The service says that it lives, whatever it waits for."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from fastapi.testclient import TestClient

from api.app import create_app
from api.services import Services

REQUESTS = 60
"""More than the threads that serve requests."""


def test_it_lives_while_every_thread_waits_for_a_server(services: Services) -> None:
    answered, asked = threading.Event(), threading.Semaphore(0)

    def check() -> str:
        asked.release()
        answered.wait(30)
        return "at last"

    app = create_app(replace(services, checks={"kafka": check}))
    with TestClient(app, base_url="http://127.0.0.1") as client, ThreadPoolExecutor(REQUESTS + 1) as threads:
        waiting = [threads.submit(client.get, "/readyz") for _ in range(REQUESTS)]
        try:
            for _ in range(40):
                assert asked.acquire(timeout=20)
            assert threads.submit(client.get, "/healthz").result(10).status_code == 200
            assert not any(request.done() for request in waiting)
        finally:
            answered.set()
        assert {request.result(30).status_code for request in waiting} == {200}
