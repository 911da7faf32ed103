"""Several streams and a file together for minutes, and what happens to streams when services are killed."""

import logging
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from stack import rtmp
from stack.processes import family, marked, memory
from tests.e2e.disturbance import Subject, disturbed_stack, seed_for, until
from tests.e2e.films import Film
from tests.e2e.streams import Stream, moment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(rtmp.missing()), reason=rtmp.missing()),
]
log = logging.getLogger(__name__)
TOGETHER_SECONDS = 120.0
SETTLED_SECONDS = 30.0
MOST_GROWTH = {"ingest": 1.15, "api": 1.15, "rtmp": 1.15, "analysis": 1.35}
"""Of the memory, in a minute and a half; a JVM takes the heap that it may have by and by."""
COUNT = 3


@pytest.fixture(scope="module")
def subject(web: str) -> Iterator[Subject]:
    """A stack of this module alone: its processes are killed here."""
    with disturbed_stack(web, {"FRAMEWISE_LIVE_GRACE_SECONDS": "20"}, liveness_seconds=120.0) as found:
        yield found


@pytest.fixture(autouse=True)
def chance(request: pytest.FixtureRequest) -> None:
    """The moments are random."""
    seed_for(request.node.name)


def used(subject: Subject) -> dict[str, float]:
    """MiB of each service that streams pass through, with all that belongs to it."""
    found = {}
    for name in ("ingest", "analysis", "api", "rtmp"):
        own = [*family(subject.status(name).process), *marked(subject.state.token, name)]
        found[name] = memory({p.pid: p for p in own}.values()) / 2**20
    return found


def test_three_streams_and_a_file_together(subject: Subject, film: Film, tmp_path: Path) -> None:
    streams = [Stream.ask(subject.service, film.path, tmp_path, sampleSeconds=1) for _ in range(COUNT)]
    with ExitStack() as running:
        for stream in streams:
            running.enter_context(stream.publisher())
        for stream in streams:
            stream.until_more(3)
        began = time.monotonic()
        file = subject.service.upload(film.path, **film.fields)
        time.sleep(SETTLED_SECONDS)
        before = used(subject)
        counts = [stream.video()["frames"]["done"] for stream in streams]
        time.sleep(max(0.0, began + TOGETHER_SECONDS - time.monotonic()))
        after = used(subject)
        for stream, count in zip(streams, counts, strict=True):
            stream.is_fresh()
            video = stream.video()
            frames = video["frames"]
            log.warning("a stream: %s, lag %s, gaps %s", frames, video["lag_seconds"], video["gaps"])
            seconds = TOGETHER_SECONDS - SETTLED_SECONDS
            assert frames["done"] + frames["dropped"] - count >= 0.8 * seconds
            assert frames["done"] - count >= 0.5 * seconds
            assert video["gaps"] == []
    log.warning("memory before %s, after %s (MiB)", before, after)
    for name, mib in after.items():
        assert mib < before[name] * MOST_GROWTH[name] + 30, (name, before, after)
    assert subject.completed(file)["frames"]["failed"] == 0
    for stream in streams:
        stream.completed()


def test_a_publisher_that_was_killed_is_back_in_ten_seconds(subject: Subject, film: Film, tmp_path: Path) -> None:
    stream = Stream.ask(subject.service, film.path, tmp_path)
    with stream.publisher() as publisher:
        stream.until_more(3)
        publisher.end()
        time.sleep(10)
    with stream.publisher():
        stream.until_more(5)
    video = stream.completed()
    assert len(video["gaps"]) == 1
    gap = video["gaps"][0]
    assert 8 < (moment(gap["to"]) - moment(gap["from"])).total_seconds() < 25
    assert gap["reason"]


@pytest.mark.parametrize("name", ["api", "ingest", "analysis", "rtmp"])
def test_streams_recover_when_a_service_is_killed(subject: Subject, film: Film, tmp_path: Path, name: str) -> None:
    subject.all_up()
    streams = [Stream.ask(subject.service, film.path, tmp_path) for _ in range(2)]
    with ExitStack() as running:
        publishers = [running.enter_context(stream.publisher()) for stream in streams]
        for stream in streams:
            stream.until_more(random.randint(2, 6))
        failures = subject.failures[name]
        subject.process(name).kill()
        until(lambda: subject.failures[name] > failures, f"the end of {name} is noticed")
        if name == "rtmp":  # with it every connection has gone: publishers come again by themselves, as OBS does
            assert all(publisher.refused() for publisher in publishers)
            subject.all_up()
            for stream in streams:
                running.enter_context(stream.publisher())
        for stream in streams:
            stream.until_more(6, 150)
            stream.until_fresh()
        subject.all_up()
        assert subject.failures[name] == failures + 1
    for stream in streams:
        video = stream.completed()
        log.warning("%s killed: %s, gaps %s", name, video["frames"], video["gaps"])
        assert bool(video["gaps"]) or name in ("api", "analysis")
