"""A service that can look at some pictures, with a collection to enrol people in."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.services import Services
from pipeline.portraits.in_memory import KnownPortraits
from tests.unit.api.conftest import twins
from tests.unit.api.people.portraits import PICTURES

Enrol = Callable[..., dict[str, Any]]


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return replace(twins(tmp_path), portraits=KnownPortraits(dict(PICTURES)))


@pytest.fixture
def client(services: Services) -> TestClient:
    client = TestClient(create_app(services), base_url="http://127.0.0.1", raise_server_exceptions=False)
    assert client.put("/people/collections/default", json={"purpose": "tests"}).status_code == 201
    return client


@pytest.fixture
def enrol(client: TestClient) -> Enrol:
    """Enrol somebody by photos."""

    def enrol(name: str, *photos: bytes, collection: str = "default") -> dict[str, Any]:
        files = [("photos", (f"{number}.jpg", photo)) for number, photo in enumerate(photos)]
        answer = client.post("/people", data={"name": name, "collection": collection}, files=files)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return enrol
