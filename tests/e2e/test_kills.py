"""Whichever process is killed in the middle of a video, what comes out is what an undisturbed run gives."""

import logging
import random
import shutil
import signal
from pathlib import Path

import psutil
import pytest

from tests.e2e.disturbance import VICTIMS, Subject, seed_for, until
from tests.e2e.films import Analysis, Film, assert_same

log = logging.getLogger(__name__)


# Half a minute to two minutes each: `./run.sh test --all`.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(autouse=True)
def chance(request: pytest.FixtureRequest) -> None:
    """The moments are random."""
    seed_for(request.node.name)


def submit(subject: Subject, film: Film) -> str:
    subject.all_up()
    return subject.service.upload(film.path, **film.fields)


@pytest.mark.parametrize("name", VICTIMS)
def test_one_process_is_killed(subject: Subject, film: Film, wanted: Analysis, name: str) -> None:
    path = submit(subject, film)
    failures = subject.failures
    reachable = name != "cassandra"
    subject.in_the_middle(path, len(wanted.frames), lambda: subject.victim(name).kill(), reachable)
    if name == "ingest":
        assert not subject.all_published(path)
    assert_same(subject.analysis(path), wanted)
    subject.all_up()
    if name == "worker":
        assert subject.failures == failures
    else:
        assert subject.failures[name] == failures[name] + 1
        assert subject.status(name).reason == "ended by signal SIGKILL"


@pytest.mark.parametrize("pair", range(3))
def test_two_processes_are_killed_at_once(subject: Subject, film: Film, wanted: Analysis, pair: int) -> None:
    names = random.sample(VICTIMS, 2)
    log.warning("killed: %s", names)
    path = submit(subject, film)
    victims = [subject.victim(name) for name in names]

    def act() -> None:
        for victim in victims:
            victim.kill()

    subject.in_the_middle(path, len(wanted.frames), act, "cassandra" not in names)
    assert_same(subject.analysis(path), wanted)
    subject.all_up()


def test_the_analysis_starts_again_without_its_checkpoint(subject: Subject, film: Film, wanted: Analysis) -> None:
    path = submit(subject, film)

    def lose() -> None:
        process = subject.process("analysis")
        process.send_signal(signal.SIGTERM)
        psutil.wait_procs([process], timeout=40)
        # Long before the next one has a query.
        shutil.rmtree(subject.stack.settings.data_dir / "checkpoints")

    failures = subject.failures["analysis"]
    subject.in_the_middle(path, len(wanted.frames), lose)
    assert_same(subject.analysis(path), wanted)
    subject.all_up()
    assert subject.failures["analysis"] == failures + 1


@pytest.mark.parametrize("awake", ["while the other works", "when the other has ended"])
def test_a_stopped_ingest_is_taken_over_and_fenced_off(
    subject: Subject, film: Film, wanted: Analysis, web: str, web_folder: Path, awake: str
) -> None:
    """Two ingest services side by side, as on two machines."""
    source = web_folder / film.path.name
    if not source.exists():
        source.symlink_to(film.path)
    subject.all_up()
    failures = subject.failures
    first = subject.process("ingest")
    path = subject.service.start(f"{web}/{source.name}", **film.body)
    subject.in_the_middle(path, len(wanted.frames), first.suspend)
    assert not subject.all_published(path)
    with subject.second_ingest() as second:
        until(lambda: subject.leaseholder(path) == second.pid, "the second holds the lease")
        if awake == "while the other works":
            first.resume()
        taken_over = subject.analysis(path)
        assert_same(taken_over, wanted)
        first.resume()
        until(lambda: f"{path.rpartition('/')[2]}: stopped, the lease is lost" in subject.log("ingest"), "it notices")
    assert subject.analysis(path) == taken_over
    again = subject.service.upload(film.path, **film.fields)
    assert_same(subject.analysis(again), wanted)
    assert f"{again.rpartition('/')[2]}: every frame is published" in subject.log("ingest")
    assert first.is_running()
    assert subject.failures == failures
