"""One way through the forwarder, over the twins of both connections."""

from connectors.edge.forwarder.lane import MOST, Lane
from connectors.edge.forwarder.settings import Route
from connectors.edge.messages import Message
from connectors.edge.passing import Answer, InMemoryOutlet, InMemoryReceipt
from tests.clock import Clock

ROUTE = Route("hw3facestx2", "hw3faces")


def a_message(number: int) -> Message:
    return Message("hw3facestx2", b"picture %d" % number, (("number", str(number)),), "image/jpeg")


def test_a_message_goes_on_under_the_other_name_with_all_it_has() -> None:
    outlet, receipt = InMemoryOutlet(), InMemoryReceipt()
    Lane(ROUTE, outlet).take(a_message(1), receipt)
    assert outlet.sent == [Message("hw3faces", b"picture 1", (("number", "1"),), "image/jpeg")]
    assert receipt.given


def test_a_receipt_is_given_only_when_the_other_side_has_confirmed() -> None:
    outlet, receipt = InMemoryOutlet(answer=None), InMemoryReceipt()
    lane = Lane(ROUTE, outlet)
    lane.take(a_message(1), receipt)
    assert (receipt.given, lane.waiting) == (False, 1)
    outlet.unanswered.pop()(Answer.TAKEN)
    assert (receipt.given, lane.waiting, lane.passed) == (True, 0, 1)


def test_what_comes_again_after_a_reconnect_is_not_sent_again_while_it_is_under_way() -> None:
    outlet, before, after = InMemoryOutlet(answer=None), InMemoryReceipt(), InMemoryReceipt()
    lane = Lane(ROUTE, outlet)
    lane.take(a_message(1), before)
    before.good = False
    lane.take(a_message(1), after)
    assert len(outlet.sent) == 1
    outlet.unanswered.pop()(Answer.TAKEN)
    assert (before.given, after.given) == (False, True)


def test_two_messages_that_are_alike_are_both_sent() -> None:
    outlet, first, second = InMemoryOutlet(answer=None), InMemoryReceipt(), InMemoryReceipt()
    lane = Lane(ROUTE, outlet)
    lane.take(a_message(1), first)
    lane.take(a_message(1), second)
    assert len(outlet.sent) == 2
    for answered in outlet.unanswered:
        answered(Answer.TAKEN)
    assert first.given
    assert second.given


def test_while_nobody_listens_one_message_asks_now_and_then_and_then_all_go_in_order() -> None:
    clock, outlet = Clock(0.0), InMemoryOutlet(answer=Answer.NOBODY)
    lane = Lane(ROUTE, outlet, clock=clock)
    receipts = [InMemoryReceipt() for _ in range(5)]
    for number, receipt in enumerate(receipts):
        lane.take(a_message(number), receipt)
    assert len(outlet.sent) == 1
    lane.ask()
    assert len(outlet.sent) == 1
    for clock.now in (1.0, 1.1, 2.5):
        lane.ask()
    assert len(outlet.sent) == 3
    outlet.answer = Answer.TAKEN
    clock.now = 60.0
    lane.ask()
    assert [message.payload for message in outlet.sent[3:]] == [a_message(n).payload for n in range(5)]
    assert all(receipt.given for receipt in receipts)


def test_a_lane_back_to_the_edge_does_not_wait_for_listeners() -> None:
    receipt = InMemoryReceipt()
    Lane(ROUTE, InMemoryOutlet(answer=Answer.NOBODY), await_listener=False).take(a_message(1), receipt)
    assert receipt.given


def test_what_is_refused_is_tried_again() -> None:
    clock, outlet, receipt = Clock(0.0), InMemoryOutlet(answer=Answer.REFUSED), InMemoryReceipt()
    lane = Lane(ROUTE, outlet, await_listener=False, clock=clock)
    lane.take(a_message(1), receipt)
    assert not receipt.given
    outlet.answer, clock.now = Answer.TAKEN, 1.0
    lane.ask()
    assert receipt.given


def test_there_is_room_for_so_many_and_no_more() -> None:
    outlet = InMemoryOutlet(answer=None)
    lane = Lane(ROUTE, outlet)
    for n in range(MOST):
        assert lane.has_room()
        lane.take(a_message(n), InMemoryReceipt())
    assert not lane.has_room()
    outlet.unanswered.pop()(Answer.TAKEN)
    assert lane.has_room()
