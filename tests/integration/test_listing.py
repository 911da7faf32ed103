"""Listings of all states over real listings: three partitions merged, and the open one before them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.services import Services
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.deletions import CassandraDeletionStore
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.settings import ApiSettings
from pipeline.contracts.videos import VideoStatus
from pipeline.kafka.publishing import InMemoryPublisher
from pipeline.stores.frames import FolderFrameStore
from pipeline.stores.models import InMemoryModelStore
from tests.unit.factories import a_video

STATES = tuple(VideoStatus)


@pytest.fixture
def service(client: CassandraClient, tmp_path: Path) -> Iterator[TestClient]:
    services = Services(
        ApiSettings(),
        CassandraVideoStore(client),
        CassandraResultStore(client),
        FolderFrameStore(tmp_path / "frames"),
        InMemoryModelStore(),
        InMemoryPublisher(),
        tmp_path / "sources",
        deletions=CassandraDeletionStore(client),
    )
    with TestClient(create_app(services), base_url="http://127.0.0.1", raise_server_exceptions=False) as found:
        yield found


def ids(service: TestClient, **params: Any) -> list[list[str]]:
    """The videos on each page."""
    found: list[list[str]] = []
    while True:
        page = service.get("/analysis/videos", params=params).raise_for_status().json()
        found.append([video["video_id"] for video in page["items"]])
        if page["next_cursor"] is None:
            return found
        params["cursor"] = page["next_cursor"]


def add(client: CassandraClient, status: VideoStatus, mark: str) -> UUID:
    """A video that went its way to a state."""
    store = CassandraVideoStore(client)
    video = a_video(tags=frozenset({mark}))
    store.create(video)
    if status is not VideoStatus.PENDING:
        store.transition(video.video_id, VideoStatus.PROCESSING)
    if status.terminal:
        store.transition(video.video_id, status)
    return video.video_id


def test_all_states_by_pages(service: TestClient, client: CassandraClient) -> None:
    mark = f"m{uuid4().hex[:8]}"
    made = [(status, str(add(client, status, mark))) for status in [STATES[n % 5] for n in range(15)]]
    ended = [video_id for status, video_id in reversed(made) if status.terminal]
    still_open = {video_id for status, video_id in made if not status.terminal}
    pages = ids(service, status="all", search=mark, limit=4)
    listed = [video_id for page in pages for video_id in page]
    assert set(listed[: len(still_open)]) == still_open
    assert listed[len(still_open) :] == ended
    assert [len(page) for page in pages] == [4, 4, 4, 3]
    assert ids(service, status="failed", tag=mark) == [
        [video_id for status, video_id in reversed(made) if status is VideoStatus.FAILED]
    ]


def test_what_is_deleted_is_listed_no_more(service: TestClient, client: CassandraClient) -> None:
    mark = f"m{uuid4().hex[:8]}"
    for status in STATES:
        assert service.delete(f"/analysis/{add(client, status, mark)}").status_code == 204
    assert ids(service, status="all", search=mark) == [[]]
