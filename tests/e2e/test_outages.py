"""Cassandra or Kafka is away for a minute: the API says so within its limits, and afterwards nothing is missing."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from tests.e2e.disturbance import Subject, disturbed_stack, seed_for
from tests.e2e.films import Analysis, Film, assert_same

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

OUTAGE_SECONDS = 60.0
ANSWER_SECONDS = 9.0
"""The store's limit for a request of the API is five seconds; the rest is for a machine under load."""
READY_SECONDS = 5.0


@pytest.fixture(scope="module")
def subject(web: str) -> Iterator[Subject]:
    """A stack of this module alone that takes no silence for hanging: the outage lasts as long as it should."""
    with disturbed_stack(web, liveness_seconds=180.0) as found:
        yield found


@dataclass
class Asked:
    """What was answered to the same questions again and again."""

    http: httpx.Client
    answers: list[tuple[str, int]] = field(default_factory=list)

    def ask(self, path: str, limit: float) -> httpx.Response:
        """One answer, which must come within the limit; a 503 says when to ask again."""
        began = time.monotonic()
        answer = self.http.get(path)
        taken = time.monotonic() - began
        assert taken < limit, f"{path} took {taken:.1f} s"
        assert answer.status_code in (200, 503), answer.text
        if answer.status_code == 503 and path != "/readyz":
            assert answer.headers["Retry-After"].isdigit()
            assert answer.headers["Content-Type"] == "application/problem+json"
        self.answers.append((path, answer.status_code))
        return answer

    def statuses(self, path: str) -> set[int]:
        return {status for asked, status in self.answers if asked == path}


def ask_for(asked: Asked, path: str, seconds: float) -> None:
    """Ask for everything until the time is over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        asked.ask("/healthz", READY_SECONDS)
        asked.ask("/readyz", READY_SECONDS)
        asked.ask("/metrics", READY_SECONDS)
        for question in (path, f"{path}/results", f"{path}/frame/1", "/models"):
            asked.ask(question, ANSWER_SECONDS)
        time.sleep(0.5)


def test_cassandra_hangs_for_a_minute(subject: Subject, film: Film, wanted: Analysis) -> None:
    seed_for("cassandra hangs")
    subject.all_up()
    failures = subject.failures
    path = subject.service.upload(film.path, **film.fields)
    victim = subject.process("cassandra")
    asked = Asked(subject.service.http)
    subject.in_the_middle(path, len(wanted.frames), victim.suspend, reachable=False)
    try:
        time.sleep(2)
        ask_for(asked, path, OUTAGE_SECONDS)
        assert asked.statuses("/healthz") == {200}
        assert asked.statuses("/readyz") == asked.statuses(path) == asked.statuses(f"{path}/results") == {503}
        assert asked.statuses("/metrics") == {200}
        checks = asked.ask("/readyz", READY_SECONDS).json()["checks"]
        assert {name for name, check in checks.items() if not check["ok"]} == {"cassandra"}
    finally:
        victim.resume()
    assert_same(subject.analysis(path), wanted)
    assert asked.ask("/readyz", READY_SECONDS).status_code == 200
    assert subject.failures == failures, "no service ended"


def test_kafka_hangs_for_a_minute(subject: Subject, film: Film, wanted: Analysis) -> None:
    """A submission is taken meanwhile: its row is what counts, waking ingest is a hint."""
    seed_for("kafka hangs")
    subject.all_up()
    failures = subject.failures
    path = subject.service.upload(film.path, **film.fields)
    victim = subject.process("kafka")
    asked = Asked(subject.service.http)
    subject.in_the_middle(path, len(wanted.frames), victim.suspend)
    try:
        began = time.monotonic()
        other = subject.service.upload(film.path, **film.fields)
        assert time.monotonic() - began < ANSWER_SECONDS
        time.sleep(2)
        ask_for(asked, path, OUTAGE_SECONDS)
        assert asked.statuses("/healthz") == asked.statuses(path) == asked.statuses(f"{path}/results") == {200}
        assert asked.statuses("/readyz") == {503}
        assert asked.statuses("/metrics") == {200}
        checks = asked.ask("/readyz", READY_SECONDS).json()["checks"]
        assert {name for name, check in checks.items() if not check["ok"]} == {"kafka"}
    finally:
        victim.resume()
    assert_same(subject.analysis(path), wanted)
    assert_same(subject.analysis(other), wanted)
    assert subject.failures == failures, "no service ended"


@pytest.mark.parametrize("server", ["cassandra", "kafka"])
def test_a_server_is_killed_and_comes_back(subject: Subject, film: Film, wanted: Analysis, server: str) -> None:
    seed_for(f"{server} is killed")
    subject.all_up()
    path = subject.service.upload(film.path, **film.fields)
    asked = Asked(subject.service.http)
    reachable = server != "cassandra"
    subject.in_the_middle(path, len(wanted.frames), lambda: subject.process(server).kill(), reachable)
    ask_for(asked, path, 20)
    assert 503 in asked.statuses("/readyz")
    assert_same(subject.analysis(path), wanted)
    subject.all_up()
