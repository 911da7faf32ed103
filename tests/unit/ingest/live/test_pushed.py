"""Pictures that a page sends: their order and times, silence, and the end."""

import io
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from ingest.halt import Halt, Halted, HaltReason
from ingest.live.packets import Packet, read_header, read_packet
from ingest.live.pushed import PushedSource
from ingest.live.sources import LiveSource, StreamOver
from pipeline.contracts.errors import Conflict, SourceUnreachable
from pipeline.stores.pushed import MOST_WAITING, FolderPushedFrames, InMemoryPushedFrames, PushedFrames
from tests.unit.factories import jpeg

T0 = datetime(2026, 11, 21, 10, tzinfo=UTC)
VIDEO = uuid4()


@pytest.fixture(params=["folder", "memory"])
def pushed(request: pytest.FixtureRequest, tmp_path: Path) -> PushedFrames:
    store: PushedFrames = FolderPushedFrames(tmp_path) if request.param == "folder" else InMemoryPushedFrames()
    store.open(VIDEO)
    return store


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def streamed(source: LiveSource, ends: type[Exception] | None = StreamOver) -> list[Packet]:
    """What one connection writes."""
    pipe = io.BytesIO()
    if ends is None:
        source.stream(pipe, Halt())
    else:
        with pytest.raises(ends):
            source.stream(pipe, Halt())
    pipe.seek(0)
    if not pipe.getvalue():
        return []
    assert read_header(pipe).codec == "mjpeg"
    packets = []
    while (packet := read_packet(pipe)) is not None:
        packets.append(packet)
    return packets


def test_pictures_are_handed_over_with_the_senders_times(pushed: PushedFrames) -> None:
    pictures = [jpeg(colour=(n, n, n)) for n in (1, 99)]
    for n, picture in enumerate(pictures):
        pushed.put(VIDEO, at(n / 10), picture)
    pushed.end(VIDEO)
    first, second = streamed(PushedSource(pushed, VIDEO, 30))
    assert [first.data, second.data] == pictures
    assert first.pts is not None
    assert second.pts is not None
    assert second.pts - first.pts == 100_000
    assert first.pts == T0.timestamp() * 1e6
    assert abs(datetime.now(UTC).timestamp() * 1e6 - first.arrived_at) < 30e6


def test_time_never_stands_still_or_goes_back(pushed: PushedFrames) -> None:
    for seconds in (1, 1, 0.5, 2):
        pushed.put(VIDEO, at(seconds), jpeg())
    pushed.end(VIDEO)
    assert len(streamed(PushedSource(pushed, VIDEO, 30))) == 2


def test_the_newest_pictures_are_kept(pushed: PushedFrames) -> None:
    dropped = [pushed.put(VIDEO, at(n), jpeg()) for n in range(MOST_WAITING + 5)]
    assert dropped == [0] * MOST_WAITING + [1] * 5
    assert [frame.captured_at for frame in pushed.take(VIDEO)] == [at(n) for n in range(5, MOST_WAITING + 5)]
    assert pushed.waiting(VIDEO) == 0


def test_silence_ends_a_connection_and_the_next_goes_on(pushed: PushedFrames) -> None:
    source = PushedSource(pushed, VIDEO, 30, silence=0.1)
    pushed.put(VIDEO, at(0), jpeg())
    assert len(streamed(source, ends=None)) == 1
    assert streamed(source, ends=SourceUnreachable) == []
    pushed.put(VIDEO, at(5), jpeg())
    assert len(streamed(source, ends=None)) == 1


def test_what_is_removed_is_over_and_takes_nothing_more(tmp_path: Path) -> None:
    pushed = FolderPushedFrames(tmp_path)
    assert streamed(PushedSource(pushed, VIDEO, 30)) == []
    for say in (lambda: pushed.put(VIDEO, at(0), b"x"), lambda: pushed.end(VIDEO)):
        with pytest.raises(Conflict, match="takes no pictures any more"):
            say()
    assert list(tmp_path.iterdir()) == []


def test_work_that_is_to_stop_stops_at_once(pushed: PushedFrames) -> None:
    halt = Halt()
    threading.Timer(0.05, halt.raise_flag, [HaltReason.SHUTDOWN]).start()
    with pytest.raises(Halted):
        PushedSource(pushed, VIDEO, 30).stream(io.BytesIO(), halt)
