"""Sending until the far end has confirmed."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from connectors.edge.agent.sending import Sender
from connectors.edge.agent.spool import Spool
from connectors.edge.agent.underway import FIRST_PAUSE, LONGEST_PAUSE, PROBE_PAUSE, UNANSWERED, WINDOW
from connectors.edge.messages import Message, encode_stored
from connectors.edge.passing import Answer, InMemoryOutlet, InMemoryReceipt
from tests.unit.connectors.edge.agent.pictures import message


@dataclass
class Trial:
    """A sender with its spool, its twin of a broker, and a clock that is set by hand."""

    folder: Path
    confirm: str = "stored"
    now: float = 1000.0
    outlet: InMemoryOutlet = field(default_factory=InMemoryOutlet)

    def __post_init__(self) -> None:
        self.spool = Spool(self.folder, 10**8, 10**4)
        self.sender = Sender(self.spool, self.confirm, lambda: self.now)  # type: ignore[arg-type]
        self.numbers: list[int] = []

    def keep(self, *numbers: int) -> None:
        for number in numbers:
            self.spool.put(f"s/c/{number}", Message("t", str(number).encode()))

    def sent(self, after: float = 0.0) -> list[int]:
        """What a tick sends, so many seconds later."""
        self.now += after
        before = len(self.outlet.sent)
        self.sender.tick(self.outlet)
        return [int(sent.payload) for sent in self.outlet.sent[before:]]

    def confirms(self, *numbers: int) -> None:
        receipt = InMemoryReceipt()
        stored = encode_stored("s", "c", [f"s/c/{number}" for number in numbers])
        assert self.sender.confirmed(stored, receipt)
        assert receipt.given


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(tmp_path)


def test_the_brokers_receipt_is_not_enough(trial: Trial) -> None:
    trial.keep(1, 2)
    assert trial.sent() == [1, 2]
    assert len(trial.spool) == 2
    trial.confirms(1)
    assert trial.spool.ids() == ("s/c/2",)
    assert trial.sender.confirmed_crops == 1


def test_it_is_enough_where_that_is_set(tmp_path: Path) -> None:
    trial = Trial(tmp_path, confirm="broker")
    trial.keep(1, 2)
    trial.sent()
    assert len(trial.spool) == 0


def test_nothing_is_sent_twice_without_need(trial: Trial) -> None:
    trial.keep(1)
    assert [trial.sent(), trial.sent(1), trial.sent(FIRST_PAUSE - 2)] == [[1], [], []]


def test_what_is_not_confirmed_is_sent_again_after_growing_pauses(trial: Trial) -> None:
    trial.keep(1)
    trial.sent()
    assert trial.sent(FIRST_PAUSE) == [1]
    assert trial.sent(FIRST_PAUSE) == []
    assert trial.sent(FIRST_PAUSE) == [1]
    for _ in range(10):
        assert trial.sent(LONGEST_PAUSE) == [1]


def test_while_the_broker_is_silent_a_crop_waits_for_its_connection_and_few_are_in_memory(trial: Trial) -> None:
    trial.outlet.answer = None
    trial.keep(*range(50))
    assert trial.sent() == list(range(UNANSWERED))
    assert trial.sent(LONGEST_PAUSE * 2) == []
    for answered in trial.outlet.unanswered:
        answered(Answer.TAKEN)
    trial.outlet.answer = Answer.TAKEN
    assert trial.sent() == list(range(UNANSWERED, 2 * UNANSWERED))


def test_a_broker_whose_far_end_is_away_is_not_filled(trial: Trial) -> None:
    trial.keep(*range(WINDOW + 50))
    sent = [number for _ in range(WINDOW) for number in trial.sent()]
    assert sent == list(range(WINDOW))
    trial.confirms(0, 1, 2)
    assert trial.sent() == [WINDOW, WINDOW + 1, WINDOW + 2]


def test_while_nobody_listens_one_crop_is_tried_now_and_then(trial: Trial) -> None:
    trial.outlet.answer = Answer.NOBODY
    trial.keep(*range(40))
    trial.sent()
    assert trial.sent(PROBE_PAUSE / 2) == []
    assert len(trial.sent(PROBE_PAUSE)) == 1
    trial.outlet.answer = Answer.TAKEN
    assert len(trial.sent(PROBE_PAUSE)) == 1
    assert len(trial.sent()) == UNANSWERED


def test_nobody_listening_does_not_make_the_pauses_longer(trial: Trial) -> None:
    trial.outlet.answer = Answer.NOBODY
    trial.keep(1)
    for _ in range(10):
        trial.sent(PROBE_PAUSE)
    trial.outlet.answer = Answer.TAKEN
    assert trial.sent(PROBE_PAUSE) == [1]
    assert trial.sent(FIRST_PAUSE) == [1]


def test_what_others_have_overtaken_is_sent_at_once(trial: Trial) -> None:
    trial.keep(1)
    trial.sent()
    for _ in range(8):
        trial.sent(FIRST_PAUSE)
    trial.keep(2)
    assert trial.sent(20) == [2]
    trial.confirms(2)
    assert trial.sent() == [1]
    assert trial.sent() == []


def test_what_was_sent_just_before_is_not_overtaken(trial: Trial) -> None:
    trial.keep(1)
    trial.sent()
    trial.keep(2)
    trial.sent(1)
    trial.confirms(2)
    assert trial.sent() == []


def test_what_was_given_up_or_lost_does_not_block(trial: Trial) -> None:
    trial.outlet.answer = None
    trial.keep(*range(UNANSWERED + 1))
    trial.sent()
    trial.spool.remove(f"s/c/{number}" for number in range(UNANSWERED))
    assert trial.sent() == [UNANSWERED]
    for answered in trial.outlet.unanswered:
        answered(Answer.TAKEN)


def test_a_confirmation_that_is_none_is_left_aside(trial: Trial, caplog: pytest.LogCaptureFixture) -> None:
    trial.keep(1)
    trial.sent()
    assert trial.sender.confirmed(Message("framewise/s/c/stored", b"\xff"), InMemoryReceipt())
    assert "is no confirmation" in caplog.text
    assert len(trial.spool) == 1


def test_after_a_restart_everything_is_sent_again(trial: Trial) -> None:
    trial.keep(1, 2)
    trial.sent()
    again = Trial(trial.folder)
    assert again.sent() == [1, 2]


def test_the_message_is_sent_as_it_was_kept(trial: Trial) -> None:
    trial.spool.put("x", message())
    trial.sender.tick(trial.outlet)
    assert trial.outlet.sent == [message()]
