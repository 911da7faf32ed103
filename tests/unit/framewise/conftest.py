"""The service over in-memory twins on a real port of loopback, with one completed video, and a client of it."""

import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from api.app import create_app
from api.services import Services
from framewise import Client, Retries
from pipeline.contracts.results import TaskName
from pipeline.contracts.videos import SourceProgress, Video, VideoStatus
from tests.unit.api.conftest import services  # noqa: F401 - the fixture
from tests.unit.factories import a_result, a_video, analyzed, dog, jpeg

FRAMES = 7


@pytest.fixture
def address(services: Services) -> Iterator[str]:  # noqa: F811
    config = uvicorn.Config(create_app(services), host="127.0.0.1", port=0, log_config=None, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    until = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < until
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def client(address: str) -> Iterator[Client]:
    with Client(address, retries=Retries(tries=1)) as found:
        yield found


@pytest.fixture
def video(services: Services) -> Video:  # noqa: F811
    """Seven frames: a dog that is surer each time, and its colours; the pictures of the first two are stored."""
    found = a_video()
    services.videos.create(found)
    services.videos.transition(found.video_id, VideoStatus.PROCESSING)
    services.videos.save_progress(found.video_id, SourceProgress(duration=1.0, fps=10.0, width=64, height=48))
    frames = [
        analyzed(found.video_id, n, a_result([dog(n / 10)]), a_result([], TaskName.COLORS))
        for n in range(1, FRAMES + 1)
    ]
    services.results.save(frames, {found.video_id: 1})
    for number in (1, 2):
        services.frames.put(found.video_id, number, jpeg())
    services.videos.set_expected(found.video_id, FRAMES, FRAMES)
    services.videos.transition(found.video_id, VideoStatus.COMPLETED)
    return found
