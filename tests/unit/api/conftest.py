"""The service over in-memory twins."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.services import Services
from pipeline.contracts.settings import ApiSettings
from pipeline.kafka.publishing import InMemoryPublisher
from pipeline.stores.frames import InMemoryFrameStore
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.models import InMemoryModelStore


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return twins(tmp_path)


def twins(folder: Path) -> Services:
    """Services of in-memory twins; uploads are kept in the folder."""
    return Services(
        ApiSettings(max_upload_bytes=100_000, max_open_videos=3),
        InMemoryVideoStore(),
        InMemoryResultStore(),
        InMemoryFrameStore(),
        InMemoryModelStore(),
        InMemoryPublisher(),
        folder / "sources",
        {"kafka": lambda: "1 broker(s)"},
    )


@pytest.fixture
def client(services: Services) -> TestClient:
    return TestClient(create_app(services), base_url="http://127.0.0.1", raise_server_exceptions=False)
