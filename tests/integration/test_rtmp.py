"""RTMP in, without the analysis: the real server, the service as a process, and ffmpeg as the publisher."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import httpx
import pytest

from ingest.publishers import PublisherSweep
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.publishers import CassandraPublisherStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.settings import CassandraSettings, KafkaSettings
from pipeline.kafka.topics import create_topics
from pipeline.rtmp.keys import hash_of
from pipeline.rtmp.nginx import NginxRtmp
from pipeline.stores.publishers import PublisherState
from stack import rtmp
from stack.ports import free_ports
from stack.settings import StackSettings
from tests.e2e.clips import make_clip
from tests.integration.publishing import Publisher, publishing, rtmp_server
from tests.integration.running_api import running_api
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(bool(rtmp.missing()), reason=rtmp.missing())
QUICK = {"fflags": "nobuffer", "probesize": "65536", "analyzeduration": "500000"}
BODY = {"modelsToRun": ["color_detection"], "sampleSeconds": 1}


@dataclass(frozen=True)
class Studio:
    """A running server with a running API, and a clip to publish."""

    http: httpx.Client
    settings: StackSettings
    client: CassandraClient
    server: NginxRtmp
    clip: Path
    folder: Path

    def endpoint(self) -> dict[str, Any]:
        answer = self.http.post("/analysis/rtmp-endpoint", json=BODY)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def state(self, made: dict[str, Any]) -> PublisherState:
        state = CassandraPublisherStore(self.client).state(UUID(made["video_id"]))
        assert state is not None
        return state

    def publish(self, address: str, stack: ExitStack) -> Publisher:
        return stack.enter_context(publishing(self.clip, address, self.folder))

    def connected(self, made: dict[str, Any], publisher: Publisher) -> None:
        """Wait until bytes come."""
        name = made["video_id"]

        def sending() -> bool:
            stream = self.server.published().get(name)
            return stream is not None and stream.bytes_in > 0

        wait_until(sending, 20, publisher.log.read_text)
        assert self.state(made).connected


@pytest.fixture(scope="module")
def studio(
    client: CassandraClient,
    cassandra_settings: CassandraSettings,
    kafka_settings: KafkaSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Studio]:
    create_topics(kafka_settings)
    folder = tmp_path_factory.mktemp("studio")
    data = folder / "data"
    port, control = free_ports(2)
    ports = {"FRAMEWISE_RTMP_PORT": str(port), "FRAMEWISE_RTMP_CONTROL_PORT": str(control)}
    with running_api(data, cassandra_settings, kafka_settings, **ports) as api:
        where: dict[str, Any] = {
            "api_port": int(api.url.rpartition(":")[2]),
            "rtmp_port": port,
            "rtmp_control_port": control,
        }
        settings = StackSettings(data_dir=data, **where)
        with (
            rtmp_server(settings, data / "rtmp.log"),
            httpx.Client(base_url=api.url, timeout=30, trust_env=False) as http,
        ):
            server = NginxRtmp(settings, data)
            yield Studio(http, settings, client, server, make_clip(folder / "a.mp4", 50), folder)
            server.close()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_what_is_published_with_the_key_is_played_under_the_videos_id(studio: Studio, stack: ExitStack) -> None:
    made = studio.endpoint()
    publisher = studio.publish(made["rtmp_endpoint"], stack)
    studio.connected(made, publisher)
    video = CassandraVideoStore(studio.client).get(UUID(made["video_id"]))
    assert video is not None
    with av.open(video.source_url, timeout=10, options=QUICK) as played:
        frames = [frame for frame, _ in zip(played.decode(video=0), range(5), strict=False)]
    assert len(frames) == 5
    publisher.end()
    wait_until(lambda: not studio.state(made).connected, 5)
    assert studio.state(made).came


@pytest.mark.parametrize("key", ["0" * 32, "", "{video_id}"])
def test_a_wrong_key_is_refused(studio: Studio, stack: ExitStack, key: str) -> None:
    made = studio.endpoint()
    publisher = studio.publish(f"{made['server']}/{key.format(**made)}", stack)
    assert publisher.refused()
    assert not studio.state(made).came


def test_a_second_publisher_is_refused_and_the_first_goes_on(studio: Studio, stack: ExitStack) -> None:
    made = studio.endpoint()
    first = studio.publish(made["rtmp_endpoint"], stack)
    studio.connected(made, first)
    session = studio.state(made).session
    assert studio.publish(made["rtmp_endpoint"], stack).refused()
    assert first.running
    assert (studio.state(made).session, studio.state(made).connected) == (session, True)


def test_a_publisher_who_has_fallen_silent_is_superseded(studio: Studio, stack: ExitStack) -> None:
    made = studio.endpoint()
    first = studio.publish(made["rtmp_endpoint"], stack)
    studio.connected(made, first)
    session = studio.state(made).session
    first.freeze()
    second = studio.publish(made["rtmp_endpoint"], stack)
    wait_until(lambda: studio.state(made).session != session, 10, second.log.read_text)
    studio.connected(made, second)
    time.sleep(0.5)  # the first one's end is told now
    assert second.running
    assert studio.state(made).connected


def test_a_silent_publisher_is_ended_though_nobody_else_comes(studio: Studio, stack: ExitStack) -> None:
    made = studio.endpoint()
    publisher = studio.publish(made["rtmp_endpoint"], stack)
    studio.connected(made, publisher)
    publisher.freeze()
    wait_until(lambda: not studio.state(made).connected, 10)


@pytest.mark.parametrize("way", ["cancel", "delete"])
def test_ending_the_video_ends_the_publisher(studio: Studio, stack: ExitStack, way: str) -> None:
    made = studio.endpoint()
    publisher = studio.publish(made["rtmp_endpoint"], stack)
    studio.connected(made, publisher)
    path = made["status_url"]
    done = studio.http.post(f"{path}/cancel") if way == "cancel" else studio.http.delete(path)
    assert done.status_code in (200, 204)
    assert publisher.refused(5)
    assert studio.publish(made["rtmp_endpoint"], stack).refused()
    assert made["video_id"] not in studio.server.published()
    if way == "delete":
        publishers = CassandraPublisherStore(studio.client)
        assert publishers.state(UUID(made["video_id"])) is None
        assert UUID(made["video_id"]) not in list(publishers.listed())
        select = "SELECT * FROM stream_keys WHERE key_hash = ?"
        assert studio.client.execute(select, (hash_of(made["stream_key"]),)).one() is None


def test_several_publish_at_once_each_under_an_id_of_its_own(studio: Studio, stack: ExitStack) -> None:
    made = [studio.endpoint() for _ in range(4)]
    publishers = [studio.publish(m["rtmp_endpoint"], stack) for m in made]
    for one, publisher in zip(made, publishers, strict=True):
        studio.connected(one, publisher)
    publishers[0].end()
    wait_until(lambda: not studio.state(made[0]).connected, 5)
    assert all(studio.state(m).connected for m in made[1:])
    assert studio.server.published().keys() >= {m["video_id"] for m in made[1:]}


def test_the_key_is_nowhere_but_in_the_answer(studio: Studio, stack: ExitStack) -> None:
    made = studio.endpoint()
    key = made["stream_key"].encode()
    first = studio.publish(made["rtmp_endpoint"], stack)
    studio.connected(made, first)
    second = studio.publish(made["rtmp_endpoint"], stack)
    assert second.refused()
    assert studio.publish(f"{made['rtmp_endpoint']}/", stack).refused()
    ours = {first.process.pid}
    lines = [
        f.read_bytes() for f in Path("/proc").glob("[0-9]*/cmdline") if int(f.parent.name) not in ours and readable(f)
    ]
    assert not any(key in line for line in lines)
    files = [f for f in studio.settings.data_dir.rglob("*") if f.is_file()]
    assert {"api.log", "rtmp.log", "rtmp.conf"} <= {f.name for f in files}
    assert [f for f in files if key in f.read_bytes()] == []
    secret = re.compile(rb"secret=\w+")
    assert [f.name for f in files if f.suffix == ".log" and secret.search(f.read_bytes())] == []


def readable(file: Path) -> bool:
    try:
        return bool(file.read_bytes()) or True
    except OSError:
        return False


def test_without_the_api_nobody_publishes_and_only_players_play(
    studio: Studio, stack: ExitStack, tmp_path: Path
) -> None:
    made = studio.endpoint()
    away, port, control = free_ports(3)
    where: dict[str, Any] = {"rtmp_port": port, "rtmp_control_port": control}
    closed = StackSettings(data_dir=tmp_path / "a", rtmp_api_url=f"http://127.0.0.1:{away}", **where)
    with rtmp_server(closed, tmp_path / "a.log"):
        publisher = studio.publish(f"rtmp://127.0.0.1:{port}/live/{made['stream_key']}", stack)
        assert publisher.refused()
        assert made["stream_key"] not in (tmp_path / "a.log").read_text()
        assert "secret" not in (tmp_path / "a.log").read_text()


def test_only_players_that_are_allowed_play(studio: Studio, stack: ExitStack, tmp_path: Path) -> None:
    """The API knows the first server alone, so the second's publisher has a video that it does not see end."""
    made = studio.endpoint()
    port, control = free_ports(2)
    other: dict[str, Any] = {"rtmp_port": port, "rtmp_control_port": control, "rtmp_players": "192.0.2.1"}
    data = tmp_path / "data"
    data.mkdir()
    (data / "rtmp.secret").write_text((studio.settings.data_dir / "rtmp.secret").read_text())
    shut = StackSettings(data_dir=data, rtmp_api_url=studio.settings.api_url, **other)
    with rtmp_server(shut, tmp_path / "b.log"):
        server = NginxRtmp(shut, data)
        publisher = studio.publish(f"rtmp://127.0.0.1:{port}/live/{made['stream_key']}", stack)
        wait_until(lambda: made["video_id"] in server.published(), 20, publisher.log.read_text)
        with pytest.raises(av.FFmpegError):
            av.open(f"rtmp://127.0.0.1:{port}/live/{made['video_id']}", timeout=5)
        server.close()


def test_a_server_that_was_killed_is_noticed_by_the_sweep(studio: Studio, stack: ExitStack, tmp_path: Path) -> None:
    made = studio.endpoint()
    port, control = free_ports(2)
    data = tmp_path / "data"
    data.mkdir()
    (data / "rtmp.secret").write_text((studio.settings.data_dir / "rtmp.secret").read_text())
    doomed = StackSettings(
        data_dir=data, rtmp_api_url=studio.settings.api_url, rtmp_port=port, rtmp_control_port=control
    )
    server = NginxRtmp(doomed, data)
    stack.callback(server.close)
    with rtmp_server(doomed, tmp_path / "c.log") as process:
        publisher = studio.publish(f"rtmp://127.0.0.1:{port}/live/{made['stream_key']}", stack)
        wait_until(lambda: made["video_id"] in server.published(), 20, publisher.log.read_text)
        process.kill()
        process.wait(5)
    publishers, videos = CassandraPublisherStore(studio.client), CassandraVideoStore(studio.client)
    assert studio.state(made).connected
    since = studio.state(made).since
    assert since is not None
    PublisherSweep(publishers, videos, server, lambda: since.replace(year=since.year + 1)).sweep()
    assert not studio.state(made).connected
    with rtmp_server(doomed, tmp_path / "d.log"):
        assert server.published() == {}
