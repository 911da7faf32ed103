"""The real servers as the stack runs them: started once, stopped, killed, found again."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import psutil
import pytest
from cassandra.cluster import Session
from kafka import KafkaConsumer, KafkaProducer
from rich.console import Console

from pipeline.cassandra.client import cluster
from pipeline.cassandra.migrations import migrate
from pipeline.contracts.errors import StackError
from pipeline.identity import process_of
from pipeline.kafka.topics import Topics, create_topics
from stack import commands, report
from stack.processes import end, marked
from stack.state import StackState, read_state
from stack.trial import Trial, trial
from tests.waiting import wait_until

LIMIT = 120.0


@pytest.fixture(scope="module")
def own() -> Iterator[Trial]:
    """Servers of this module alone: they are killed here."""
    with trial("kafka", "cassandra", "schema") as running:
        yield running


def state_of(own: Trial) -> StackState:
    state = read_state(own.settings.state_file)
    assert state is not None
    return state


def pids(own: Trial) -> dict[str, int]:
    return {name: s.process.pid for name, s in state_of(own).services.items() if s.process}


def query(own: Trial, work: Callable[[Session], object]) -> None:
    client = cluster(own.cassandra())
    try:
        work(client.connect("framewise"))
    finally:
        client.shutdown()


def produce(own: Trial, *values: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=own.kafka().kafka_bootstrap, acks="all")
    for value in values:
        producer.send(Topics.of(own.kafka()).results, value).get(timeout=30)
    producer.close()


def consume(own: Trial) -> list[bytes]:
    consumer = KafkaConsumer(
        Topics.of(own.kafka()).results,
        bootstrap_servers=own.kafka().kafka_bootstrap,
        auto_offset_reset="earliest",
        consumer_timeout_ms=3000,
    )
    values = [record.value for record in consumer]
    consumer.close()
    return values


def test_topics_and_schema_are_there_and_making_them_again_changes_nothing(own: Trial) -> None:
    create_topics(own.kafka())
    assert migrate(own.cassandra()) == []


def test_starting_twice_is_harmless(own: Trial) -> None:
    before, said = pids(own), list[str]()
    commands.up(own.settings, said.append)
    assert pids(own) == before
    assert said == ["already running"]


def test_starting_with_other_settings_says_which(own: Trial) -> None:
    other = own.settings.model_copy(update={"workers": own.settings.workers + 1})
    other.model_fields_set.add("workers")
    with pytest.raises(StackError, match=r"FRAMEWISE_WORKERS is \d+ there.*run.sh down"):
        commands.up(other, lambda text: None)
    assert state_of(own).running


def test_a_second_stack_is_told_of_busy_ports(own: Trial) -> None:
    with (
        pytest.raises(StackError, match=r"port \d+ \(kafka\) is in use by process \d+ \(java\)"),
        trial("kafka", kafka_port=own.settings.kafka_port),
    ):
        pass
    assert state_of(own).running


def test_the_table_shows_each_service_with_its_memory(own: Trial) -> None:
    console = Console(file=io.StringIO(), width=200)
    assert report.show_status(own.settings, console) == 0
    assert isinstance(console.file, io.StringIO)
    rows = {line.split("│")[1].strip(): line for line in console.file.getvalue().splitlines() if "│" in line}
    assert set(rows) >= {"supervisor", "kafka", "cassandra", "schema"}
    assert str(pids(own)["kafka"]) in rows["kafka"]
    assert str(own.settings.cassandra_port) in rows["cassandra"]
    assert " MB" in rows["cassandra"]


@pytest.mark.parametrize("service", ["kafka", "cassandra"])
def test_a_killed_server_comes_back_with_what_it_acknowledged(own: Trial, service: str) -> None:
    mark = f"before {service}"
    produce(own, mark.encode())
    query(
        own, lambda session: session.execute("INSERT INTO schema_migrations (name) VALUES (%s)", (f"0000_{service}",))
    )
    process = process_of(state_of(own).services[service].process)
    assert process is not None
    process.kill()
    wait_until(lambda: state_of(own).services[service].failures == 1 and state_of(own).services[service].up, LIMIT)
    assert pids(own)[service] != process.pid
    assert mark.encode() in consume(own)

    def check(session: Session) -> None:
        assert session.execute("SELECT name FROM schema_migrations WHERE name = %s", (f"0000_{service}",)).one()
        session.execute("DELETE FROM schema_migrations WHERE name = %s", (f"0000_{service}",))

    query(own, check)


def test_after_the_supervisor_was_killed_nothing_is_left_and_a_start_finds_the_data(own: Trial) -> None:
    produce(own, b"before the supervisor")
    before = state_of(own)
    supervisor = process_of(before.supervisor)
    assert supervisor is not None
    supervisor.kill()
    supervisor.wait(10)
    began = time.monotonic()
    commands.up(own.settings, lambda text: None)
    assert time.monotonic() - began < 60
    assert marked(before.token) == []
    assert b"before the supervisor" in consume(own)


def test_servers_that_outlive_the_supervisor_are_found_by_down(own: Trial) -> None:
    state = state_of(own)
    servers = [p for s in state.services.values() if (p := process_of(s.process))]
    supervisor = process_of(state.supervisor)
    assert supervisor is not None
    for process in servers:
        process.suspend()  # they cannot follow the supervisor's end
    supervisor.kill()
    supervisor.wait(10)
    assert all(process.is_running() for process in servers)
    # A process id that was given away anew is not ours.
    bystander = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    try:
        created = psutil.Process(bystander.pid).create_time()
        stale = replace(state.supervisor, pid=bystander.pid, created=created - 100)
        assert process_of(stale) is None
        for process in servers:
            os.kill(process.pid, signal.SIGCONT)
        commands.down(own.settings, lambda text: None)
        assert not any(process.is_running() for process in servers)
        assert bystander.poll() is None
    finally:
        end([psutil.Process(bystander.pid)], 5)
        bystander.wait(10)
    assert report.show_status(own.settings, Console(file=io.StringIO())) == report.NOT_READY
    assert not commands.down(own.settings, lambda text: None)
