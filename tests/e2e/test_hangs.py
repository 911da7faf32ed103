"""Whichever process is stopped in the middle of a video: it is found by its silence, and nothing is lost."""

from collections.abc import Iterator

import pytest

from tests.e2e.disturbance import VICTIMS, Subject, disturbed_stack, seed_for
from tests.e2e.films import Analysis, Film, assert_same

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def subject(web: str) -> Iterator[Subject]:
    """A stack of this module alone, that soon takes silence for hanging."""
    with disturbed_stack(web, liveness_seconds=8.0, hang_seconds=10.0) as found:
        yield found


@pytest.mark.parametrize("name", VICTIMS)
def test_one_process_is_stopped(subject: Subject, film: Film, wanted: Analysis, name: str) -> None:
    seed_for(name)
    subject.all_up()
    failures = subject.failures
    path = subject.service.upload(film.path, **film.fields)
    victim = subject.victim(name)
    subject.in_the_middle(path, len(wanted.frames), victim.suspend, reachable=name != "cassandra")
    found = subject.analysis(path)
    subject.all_up()
    assert_same(found, wanted)
    assert not victim.is_running()
    if name == "worker":
        assert f"worker process {victim.pid} has done nothing for" in subject.log("analysis")
    else:
        assert subject.failures[name] > failures[name]
        assert "gave no sign of life for" in subject.status(name).reason
