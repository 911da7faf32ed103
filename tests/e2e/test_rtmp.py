"""A stream through the whole stack: published, analysed while it goes on, interrupted, ended."""

import os
from pathlib import Path

import pytest

from stack import rtmp
from stack.trial import Trial
from tests.e2e.clips import make_clip
from tests.e2e.service import Service
from tests.e2e.streams import Stream, moment
from tests.integration.publishing import publishing
from tests.processes import gives_way

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(rtmp.missing()), reason=rtmp.missing())]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "a.mp4", 50)


def test_a_stream_is_analysed_while_it_goes_on_and_completes_when_its_publisher_stays_away(
    service: Service, stack: Trial, clip: Path, tmp_path: Path
) -> None:
    stream = Stream.ask(service, clip, tmp_path)
    assert stream.video()["status"] == "pending"
    with publishing(clip, f"{stream.made['server']}/{'0' * 32}", tmp_path) as stranger:
        assert stranger.refused()
    assert stream.video()["status"] == "pending"
    with stream.publisher() as publisher:
        stream.until(lambda v: v["status"] == "processing" and v["frames"]["done"] >= 3, "frames of the stream")
        stream.is_fresh()
        assert os.geteuid() != 0 or gives_way(stream.rows()) == {0}, "only root may let one go first again"
        publisher.end()
        stream.until(lambda v: v["connected"] is False, "its publisher has gone")
    with stream.publisher():
        stream.until_more(3)
        assert stream.video()["connected"]
    video = stream.completed()
    gap = video["gaps"][0]
    assert moment(gap["from"]) < moment(gap["to"])
    assert gap["reason"]
    times = [moment(row["captured_at"]) for row in stream.rows()]
    assert not any(moment(gap["from"]) < at < moment(gap["to"]) for at in times)
    key = stream.made["stream_key"].encode()
    kept = [f for f in stack.settings.data_dir.rglob("*") if f.is_file() and "cassandra" not in f.parts]
    assert {"api.log", "ingest.log", "analysis.log", "rtmp.conf"} <= {f.name for f in kept}
    assert [f.name for f in kept if key in f.read_bytes()] == []


def test_cancelling_ends_the_publisher(service: Service, clip: Path, tmp_path: Path) -> None:
    stream = Stream.ask(service, clip, tmp_path)
    with stream.publisher() as publisher:
        stream.until(lambda v: v["frames"]["done"] >= 1, "a frame of the stream")
        assert service.http.post(f"{stream.path}/cancel").json()["status"] == "cancelled"
        assert publisher.refused(10)
    with stream.publisher() as again:
        assert again.refused()
    assert len(stream.rows()) >= 1
