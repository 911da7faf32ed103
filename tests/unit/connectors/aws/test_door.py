"""The door at work, over twins: draining, stopping, and messages that outlive their visibility."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from connectors.aws.door import Door
from connectors.aws.heartbeat import Heartbeat
from connectors.aws.in_memory import InMemoryAnalyses, InMemoryDocuments, InMemoryObjects, InMemoryQueue
from connectors.aws.job import Failure, Place, State
from connectors.aws.seams import AwsUnavailable, Interrupted, Message
from connectors.aws.worker import Worker
from framewise.answers import Video
from tests.unit.connectors.aws.known import STEP, a_place, body, completed, plan
from tests.waiting import wait_until

VISIBILITY = 2
KEYS = [f"{number}.mp4" for number in range(5)]


@dataclass
class SlowAnalyses(InMemoryAnalyses):
    """Those of which a video has not ended until `go`."""

    go: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)

    def follow(self, video_id: str) -> Video:
        while not self.go.wait(0.01):
            if self.stop.is_set():
                raise Interrupted
        return super().follow(video_id)


@dataclass
class Running:
    """A door that works in a thread."""

    queue: InMemoryQueue = field(default_factory=lambda: InMemoryQueue(VISIBILITY))
    documents: InMemoryDocuments = field(default_factory=InMemoryDocuments)
    analyses: SlowAnalyses = field(default_factory=lambda: SlowAnalyses(lambda place: completed()))
    beats: list[None] = field(default_factory=list)

    def __post_init__(self) -> None:
        objects = InMemoryObjects({place: place.key.encode() for place in map(a_place, KEYS)})
        worker = Worker(plan(), self.documents, objects, self.analyses)
        self.stop = self.analyses.stop
        self.door = Door([self.queue], worker, Heartbeat(VISIBILITY), self.stop, at_work=2, poll_seconds=1)
        self.thread = threading.Thread(target=self.door.run, args=(lambda: self.beats.append(None), 5.0))
        self.thread.start()

    def states(self) -> dict[int, str]:
        return {int(key[1]): steps[STEP].state for key, steps in self.documents.steps.items() if STEP in steps}

    @property
    def ended(self) -> bool:
        return not self.thread.is_alive()


@pytest.fixture
def running() -> Iterator[Running]:
    found = Running()
    yield found
    found.stop.set()
    found.thread.join(10)


def test_the_command_to_stop_drains(running: Running) -> None:
    for number in range(2):
        running.queue.send(body(number, KEYS[number]))
    wait_until(lambda: len(running.analyses.submitted) == 2)
    running.analyses.go.set()
    running.queue.send('{"command": "stop"}')
    wait_until(lambda: running.ended)
    assert running.states() == {0: State.DONE, 1: State.DONE}
    assert len(running.queue) == 0


def test_while_it_drains_it_takes_nothing_more_and_keeps_the_command(running: Running) -> None:
    running.queue.send(body(0, KEYS[0]))
    wait_until(lambda: len(running.analyses.submitted) == 1)
    running.queue.send('{"command": "stop"}')
    wait_until(lambda: running.queue.delivered == 2)
    running.queue.send(body(1, KEYS[1]))
    running.queue.send('{"command": "stop"}')
    assert not running.ended
    assert len(running.queue) == 4
    running.analyses.go.set()
    wait_until(lambda: running.ended)
    assert running.states() == {0: State.DONE}
    assert len(running.queue) == 2, "a video and a command are left for others"


def test_what_comes_just_as_it_begins_to_drain_is_handed_back(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    polls: list[int] = []
    receive = running.queue.receive

    def until_something_comes(wait: int) -> Message | None:
        polls.append(wait)
        while (message := receive(0)) is None and not running.stop.wait(0.01):
            pass
        return message

    monkeypatch.setattr(running.queue, "receive", until_something_comes)
    wait_until(lambda: len(polls) == 2)
    running.queue.send('{"command": "stop"}')
    wait_until(lambda: sum(thread.is_alive() for thread in running.door._threads) == 1)
    running.queue.send(body(0, KEYS[0]))
    wait_until(lambda: running.ended)
    assert running.states() == {}
    assert running.queue.delivered == 2
    assert receive(0) is not None


def test_a_message_outlives_its_visibility(running: Running) -> None:
    running.queue.send(body(0, KEYS[0]))
    wait_until(lambda: len(running.analyses.submitted) == 1)
    wait_until(lambda: len(running.beats) > VISIBILITY)
    running.analyses.go.set()
    wait_until(lambda: len(running.queue) == 0)
    assert running.queue.delivered == 1


def test_told_to_end_it_hands_back_what_is_at_work(running: Running) -> None:
    running.queue.send(body(0, KEYS[0]))
    wait_until(lambda: len(running.analyses.submitted) == 1)
    running.stop.set()
    wait_until(lambda: running.ended)
    message = running.queue.receive(0)
    assert message is not None
    assert running.states() == {0: State.RUNNING}


def test_a_queue_that_does_not_answer_is_asked_again(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    receive = running.queue.receive

    def unsteady(wait: int) -> Message | None:
        asked.append(wait)
        if len(asked) < 2:
            raise AwsUnavailable("the queue is away")
        return receive(wait)

    monkeypatch.setattr(running.queue, "receive", unsteady)
    running.analyses.go.set()
    running.queue.send(body(0, KEYS[0]))
    wait_until(lambda: running.states() == {0: State.DONE})


def test_what_nobody_expected_does_not_end_a_thread(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    settle = Worker.settle

    def unsteady(worker: Worker, queue: InMemoryQueue, message: Message, failures: list[Failure]) -> None:
        if message.receives == 1:
            raise ZeroDivisionError
        settle(worker, queue, message, failures)

    monkeypatch.setattr(Worker, "settle", unsteady)
    running.analyses.go.set()
    running.queue.send(body(0, KEYS[0]))
    wait_until(lambda: len(running.queue) == 0)
    assert running.queue.delivered == 2


def test_messages_at_work_are_bounded(running: Running) -> None:
    for number, key in enumerate(KEYS):
        running.queue.send(body(number, key))
    wait_until(lambda: len(running.analyses.submitted) == 2)
    assert set(running.states().values()) == {State.RUNNING}
    assert len(running.states()) == 2
    running.analyses.go.set()
    wait_until(lambda: len(running.queue) == 0)
    assert len(running.analyses.submitted) == len(KEYS)


def test_a_heartbeat_that_fails_does_not_end_the_work(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(message: Message, seconds: int) -> None:
        raise AwsUnavailable("the queue is away")

    monkeypatch.setattr(running.queue, "extend", away)
    running.queue.send(body(0, KEYS[0]))
    wait_until(lambda: running.queue.delivered == 2)
    running.analyses.go.set()
    wait_until(lambda: running.states() == {0: State.DONE})
    assert len(running.analyses.submitted) == 1


def test_places_are_not_mixed_up(running: Running) -> None:
    running.analyses.ends = lambda place: completed(video_name=place.key)
    running.analyses.go.set()
    for number, key in enumerate(KEYS):
        running.queue.send(body(number, key))
    wait_until(lambda: len(running.queue) == 0)
    files = {steps[STEP].result_file for steps in running.documents.steps.values()}
    assert len(files) == len(KEYS)
    assert all(isinstance(file, Place) for file in files)
