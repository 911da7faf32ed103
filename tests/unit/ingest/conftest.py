"""Owns what the tests of ingest share."""

from pathlib import Path

import pytest

from pipeline.contracts.settings import IngestSettings
from tests.unit.ingest.benches import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """In-memory twins around a folder of sources."""
    return Bench(tmp_path / "sources", IngestSettings(lease_seconds=3, videos_per_worker=2))
