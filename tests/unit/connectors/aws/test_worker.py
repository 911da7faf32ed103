"""The work on one message, over twins."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from connectors.aws.in_memory import InMemoryAnalyses, InMemoryDocuments, InMemoryObjects, InMemoryQueue
from connectors.aws.job import Place, State, Step, VideoId
from connectors.aws.messages import MessageInvalid, Request, read
from connectors.aws.seams import AwsUnavailable
from connectors.aws.worker import Worker
from framewise.answers import Video
from tests.unit.connectors.aws.known import BUCKET, STEP, a_place, body, completed, failed, person, plan, row


@dataclass
class Bench:
    """A worker and all that it speaks with."""

    ends: Callable[[Place], Video] = lambda place: completed()
    queue: InMemoryQueue = field(default_factory=InMemoryQueue)
    documents: InMemoryDocuments = field(default_factory=InMemoryDocuments)
    objects: InMemoryObjects = field(default_factory=lambda: InMemoryObjects({a_place(): b"video"}))

    def __post_init__(self) -> None:
        self.analyses = InMemoryAnalyses(lambda place: self.ends(place), [row(1, "objects_detection", person())])
        self.worker = Worker(plan(retry_seconds=0), self.documents, self.objects, self.analyses)

    def deliver(self, text: str | None = None) -> None:
        """Send a message if one is given, and work on the next delivery."""
        if text is not None:
            self.queue.send(text)
        message = self.queue.receive(0)
        assert message is not None
        self.worker.settle(self.queue, message, self.worker.work(understood(message.body)))

    def step(self, video_id: VideoId = 5) -> Step:
        return self.documents.steps[type(video_id), video_id][STEP]

    @property
    def results(self) -> list[Any]:
        return [json.loads(data) for place, data in self.objects.kept.items() if place.bucket == BUCKET]


def understood(text: str) -> Request | MessageInvalid:
    try:
        return read(text)
    except MessageInvalid as e:
        return e


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_video_becomes_a_result_then_a_document_then_its_message_goes(bench: Bench) -> None:
    bench.deliver(body())
    step = bench.step()
    assert (step.state, step.error, len(bench.queue)) == (State.DONE, None, 0)
    assert step.result_file in bench.objects.kept
    assert bench.results[0]["frames"][0]["Human"]["scores"] == [0.75]


def test_a_message_that_comes_twice_makes_one_analysis_and_one_result(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.deliver(body())
    before = bench.step()
    monkeypatch.setattr(bench.analyses, "submit", lambda *args: pytest.fail("the service is asked again"))
    bench.deliver(body())
    assert (len(bench.analyses.submitted), len(bench.results), bench.step(), len(bench.queue)) == (1, 1, before, 0)


def test_a_result_that_was_deleted_is_made_again(bench: Bench) -> None:
    bench.deliver(body())
    place = bench.step().result_file
    assert place is not None
    del bench.objects.kept[place]
    bench.deliver(body())
    assert place in bench.objects.kept


def test_an_object_that_has_changed_is_analysed_anew(bench: Bench) -> None:
    bench.deliver(body())
    bench.objects.kept[a_place()] = b"another video"
    bench.deliver(body())
    assert len(bench.analyses.submitted) == len(bench.results) == 2
    assert bench.step().state == State.DONE


def test_a_video_that_cannot_be_read_is_set_aside_at_once(bench: Bench) -> None:
    bench.ends = lambda place: failed()
    bench.deliver(body())
    assert bench.step().state == State.ERROR
    assert "no video stream" in (bench.step().error or "")
    assert [reason for _, reason in bench.queue.aside] == [bench.step().error]


def test_what_may_pass_is_tried_several_times(bench: Bench) -> None:
    bench.ends = lambda place: failed("source-unreachable", "no answer")
    bench.deliver(body())
    assert (bench.step().state, len(bench.queue), bench.queue.aside) == (State.ERROR, 1, [])
    bench.deliver()
    bench.deliver()
    assert (len(bench.queue), len(bench.queue.aside)) == (0, 1)


def test_the_queues_own_bound_counts_where_it_is_lower(bench: Bench) -> None:
    bench.ends, bench.queue.most_receives = lambda place: failed("source-unreachable", "no answer"), 1
    bench.deliver(body())
    assert len(bench.queue.aside) == 1


def test_without_a_dead_letter_queue_the_message_stays(bench: Bench) -> None:
    bench.queue.has_dead_letters = False
    bench.ends = lambda place: failed()
    bench.deliver(body())
    assert (len(bench.queue), bench.step().state) == (1, State.ERROR)


def test_an_object_that_is_missing_is_an_error_that_may_pass(bench: Bench) -> None:
    bench.deliver(body(key="later.mp4"))
    assert (bench.step().state, len(bench.queue)) == (State.ERROR, 1)
    bench.objects.kept[a_place("later.mp4")] = b"video"
    bench.deliver()
    assert (bench.step().state, bench.step().error, len(bench.queue)) == (State.DONE, None, 0)


def test_what_is_done_stays_done_when_its_object_goes(bench: Bench) -> None:
    bench.deliver(body())
    del bench.objects.kept[a_place()]
    bench.deliver(body())
    assert bench.step().state == State.DONE


def test_a_message_that_cannot_be_read_is_set_aside_with_what_is_wrong(bench: Bench) -> None:
    bench.deliver("{}")
    bench.deliver('{"VideoId": 7, "s3": {}}')
    assert ["s3.bucket" in reason for _, reason in bench.queue.aside] == [False, True]
    assert "s3.bucket" in (bench.step(7).error or "")


def test_an_event_of_a_result_asks_for_nothing(bench: Bench) -> None:
    bench.deliver(body())
    place = bench.step().result_file
    assert place is not None
    bench.deliver(body("x", place.key).replace('"videos"', f'"{BUCKET}"'))
    assert (len(bench.analyses.submitted), len(bench.queue)) == (1, 0)


def test_a_document_that_cannot_be_written_keeps_the_message(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    change = bench.documents.change

    def away_at_the_end(*args: Any) -> Step | None:
        if bench.analyses.submitted:
            raise AwsUnavailable("the table is away")
        return change(*args)

    bench.ends = lambda place: failed()
    monkeypatch.setattr(bench.documents, "change", away_at_the_end)
    bench.deliver(body())
    assert (len(bench.queue), bench.queue.aside, bench.step().state) == (1, [], State.RUNNING)


def test_what_nobody_expected_is_an_error_of_that_video_only(bench: Bench) -> None:
    bench.ends = cast("Callable[[Place], Video]", lambda place: 1 / 0)
    bench.deliver(body())
    assert (bench.step().state, bench.step().error, len(bench.queue)) == (
        State.ERROR,
        "ZeroDivisionError: division by zero",
        1,
    )
