"""Messages to callback addresses: which ones, to whom, how often, in which order, by a real receiver."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from api.services import Services
from api.webhooks import notifier as notifier_module
from api.webhooks.notifier import Notifier
from api.webhooks.plan import CallbackRefused, check_callback, delivery_id, follow, plan
from api.webhooks.schedule import Schedule
from api.webhooks.secret import SecretInvalid, load_secret
from api.webhooks.sender import Sender
from pipeline.contracts.errors import Problem
from pipeline.contracts.settings import WebhookSettings
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.outbound.guard import SourceGuard
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.webhooks import Delivery, DeliveryState, Try, now_ms
from tests.unit.api.webhooks.receiving import SECRET, Receiver, receiving
from tests.unit.factories import a_video
from tests.waiting import wait_until

COMPLETED, FAILED, PROCESSING = VideoStatus.COMPLETED, VideoStatus.FAILED, VideoStatus.PROCESSING


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def ours(services: Services) -> Services:
    return replace(services, guard=SourceGuard(("127.0.0.1",)))


def make(services: Services, pauses: tuple[float, ...] = (0.0, 0.0, 0.0), timeout: float = 2.0) -> Notifier:
    stop = threading.Event()
    sender = Sender(services.guard, SECRET, timeout, stop.is_set)
    return Notifier(services, sender, Schedule(pauses), stop)


def submitted(services: Services, url: str) -> Video:
    video = replace(a_video(created_at=datetime.now(UTC)), callback_url=url)
    follow(services, video)
    services.videos.create(video)
    return video


def known(services: Services, video: Video) -> Video:
    found = services.videos.get(video.video_id)
    assert found is not None
    return found


def rounds(notifier: Notifier, most: int = 40) -> None:
    """Until nothing is listed."""
    for _ in range(most):
        notifier.round()
        for _, thread in list(notifier._sending.values()):
            thread.join(10)
        if not notifier._store.watched(None, 1):
            return
        time.sleep(0.005)


def test_each_state_is_told_once_and_can_be_verified(ours: Services, receiver: Receiver) -> None:
    video, notifier = submitted(ours, receiver.url), make(ours)
    notifier.round()
    assert receiver.came == []
    ours.videos.transition(video.video_id, PROCESSING)
    rounds(notifier, 3)
    ours.videos.transition(video.video_id, COMPLETED)
    rounds(notifier)
    assert [m["type"] for m in receiver.messages] == ["video.processing", "video.completed"]
    first, last = receiver.messages
    assert first["data"]["video_id"] == str(video.video_id)
    assert last["data"]["status"] == "completed"
    assert "secret" not in str(last)
    assert receiver.ids == [str(delivery_id(video, s)) for s in (PROCESSING, COMPLETED)]
    assert ours.webhooks.watched(None, 10) == []


def test_states_that_were_passed_between_two_looks_are_told_in_order(ours: Services, receiver: Receiver) -> None:
    video = submitted(ours, receiver.url)
    ours.videos.transition(video.video_id, PROCESSING)
    ours.videos.transition(video.video_id, FAILED, Problem("x", "It broke", "here"))
    rounds(make(ours))
    assert [m["type"] for m in receiver.messages] == ["video.processing", "video.failed"]
    assert receiver.messages[1]["data"]["error"]["title"] == "It broke"


def test_it_is_tried_again_until_it_arrives(ours: Services, receiver: Receiver) -> None:
    receiver.answers = [500, 302, 404, 200]
    video = submitted(ours, receiver.url)
    ours.videos.transition(video.video_id, VideoStatus.CANCELLED)
    rounds(make(ours))
    assert len(set(receiver.ids)) == 1
    assert len({body for _, body in receiver.came}) == 1
    [delivery] = ours.webhooks.deliveries(video.video_id)
    assert delivery.state is DeliveryState.DELIVERED
    assert [t.status for t in delivery.tries] == [500, 302, 404, 200]
    assert all(t.seconds >= 0 for t in delivery.tries)


@pytest.mark.parametrize(("answer", "tries"), [(503, 4), (410, 1)])
def test_it_is_given_up(ours: Services, receiver: Receiver, answer: int, tries: int) -> None:
    """After the last pause, or at once when the receiver is gone for good: then no other state is told either."""
    receiver.answers = [answer]
    video = submitted(ours, receiver.url)
    ours.videos.transition(video.video_id, PROCESSING)
    notifier = make(ours)
    rounds(notifier, 8)
    ours.videos.transition(video.video_id, COMPLETED)
    rounds(notifier)
    assert [d.state for d in ours.webhooks.deliveries(video.video_id)] == [DeliveryState.FAILED] * (1 + (answer != 410))
    assert receiver.ids.count(str(delivery_id(video, PROCESSING))) == tries
    assert ours.webhooks.watched(None, 10) == []


def test_a_receiver_that_does_not_answer_is_left(ours: Services, receiver: Receiver) -> None:
    receiver.slow = 5
    video = submitted(ours, receiver.url)
    ours.videos.transition(video.video_id, VideoStatus.CANCELLED)
    rounds(make(ours, pauses=(), timeout=0.5))
    [delivery] = ours.webhooks.deliveries(video.video_id)
    assert (delivery.tries[0].status, delivery.tries[0].error) == (None, "no answer within 0.5 s")


def test_a_private_address_gets_nothing(services: Services, receiver: Receiver) -> None:
    with pytest.raises(CallbackRefused, match="FRAMEWISE_ALLOWED_HOSTS"):
        check_callback(services, receiver.url)
    check_callback(services, None)
    video = submitted(services, receiver.url)
    services.videos.transition(video.video_id, VideoStatus.CANCELLED)
    rounds(make(services, pauses=()))
    assert receiver.came == []
    [delivery] = services.webhooks.deliveries(video.video_id)
    assert "not a public address" in (delivery.tries[0].error or "")


def test_a_retry_is_told_of_too(ours: Services, receiver: Receiver) -> None:
    """Also where the notifier has not seen that the first attempt had failed."""
    video = submitted(ours, receiver.url)
    ours.videos.transition(video.video_id, PROCESSING)
    ours.videos.transition(video.video_id, FAILED)
    follow(ours, known(ours, video))
    assert ours.videos.retry(known(ours, video))
    rounds(make(ours), 6)
    ours.videos.transition(video.video_id, PROCESSING)
    ours.videos.transition(video.video_id, COMPLETED)
    rounds(make(ours))
    assert [(d.attempt, d.event) for d in ours.webhooks.deliveries(video.video_id)] == [
        (1, "video.processing"),
        (1, "video.failed"),
        (2, "video.processing"),
        (2, "video.completed"),
    ]
    assert len(receiver.ids) == len(set(receiver.ids)) == 4


def test_two_notifiers_send_once(ours: Services, receiver: Receiver) -> None:
    videos = [submitted(ours, receiver.url) for _ in range(10)]
    for video in videos:
        ours.videos.transition(video.video_id, VideoStatus.CANCELLED)
    notifiers = [make(ours), make(ours)]
    threads = [threading.Thread(target=rounds, args=(n,)) for n in notifiers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(receiver.ids) == sorted(str(delivery_id(v, VideoStatus.CANCELLED)) for v in videos)


def test_what_a_dead_notifier_held_is_taken_over(ours: Services, receiver: Receiver) -> None:
    video = submitted(ours, receiver.url)
    ours.videos.transition(video.video_id, VideoStatus.CANCELLED)
    [delivery] = plan(ours, known(ours, video))
    assert ours.webhooks.claim(delivery, "dead", 1)
    notifier = make(ours)
    rounds(notifier, 3)
    assert receiver.came == []
    time.sleep(1)
    rounds(notifier)
    assert len(receiver.ids) == 1


def test_what_is_under_way_is_cut_and_left_to_others_at_the_end(ours: Services, receiver: Receiver) -> None:
    receiver.slow = 3
    video = submitted(ours, receiver.url)
    ours.videos.transition(video.video_id, VideoStatus.CANCELLED)
    notifier = make(ours, timeout=10)
    notifier.round()
    wait_until(lambda: len(receiver.came) == 1, 5)
    began = time.monotonic()
    notifier.stop(2)
    assert time.monotonic() - began < 1.5
    [delivery] = ours.webhooks.deliveries(video.video_id)
    assert (delivery.state, delivery.tries) == (DeliveryState.PENDING, ())
    receiver.slow = 0
    rounds(make(ours))
    assert len(receiver.ids) == 2


def test_nothing_is_left_of_videos_that_are_gone(ours: Services, receiver: Receiver) -> None:
    video = submitted(ours, receiver.url)
    ours.videos.transition(video.video_id, VideoStatus.CANCELLED)
    gone = known(ours, video)
    assert isinstance(ours.videos, InMemoryVideoStore)
    get, seen = ours.videos.get, [gone]
    ours.videos.get = lambda video_id: seen.pop() if seen else None  # type: ignore[method-assign]
    notifier = make(ours)
    notifier.round()
    assert ours.webhooks.deliveries(video.video_id) == []
    ours.videos.get = get  # type: ignore[method-assign]


def test_a_listed_video_that_never_came_is_taken_off_late(ours: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    ours.webhooks.watch(uuid4())
    notifier = make(ours)
    notifier.round()
    assert len(ours.webhooks.watched(None, 10)) == 1
    monkeypatch.setattr(notifier_module, "NEVER_CAME", timedelta(0))
    time.sleep(0.01)
    notifier.round()
    assert ours.webhooks.watched(None, 10) == []


def test_a_round_is_bounded_and_the_next_goes_on(
    ours: Services, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier_module, "ROUND_VIDEOS", 4)
    for _ in range(10):
        submitted(ours, receiver.url)
    asked: list[object] = []
    get = ours.videos.get
    ours.videos.get = lambda video_id: (asked.append(video_id), get(video_id))[1]  # type: ignore[method-assign, func-returns-value]
    notifier = make(ours)
    sizes = []
    for _ in range(3):
        before = len(set(asked))
        notifier.round()
        sizes.append(len(set(asked)) - before)
    assert sizes == [4, 4, 2]


def test_pauses_grow_and_vary() -> None:
    schedule, now = Schedule((5, 30)), now_ms()
    delivery = Delivery(uuid4(), uuid4(), "video.failed", 1, now, "{}", now)
    failed = Try(now, 0.1, 500, "the receiver answered 500")
    pauses = []
    for _ in range(2):
        delivery = schedule.outcome(delivery, failed, now)
        assert delivery.next_at is not None
        pauses.append((delivery.next_at - now).total_seconds())
    assert 5 <= pauses[0] <= 6.25
    assert 30 <= pauses[1] <= 37.5
    assert schedule.outcome(delivery, failed, now).state is DeliveryState.FAILED


def test_the_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    settings = WebhookSettings()
    secret = load_secret(settings, tmp_path)
    assert load_secret(settings, tmp_path) == secret
    assert (tmp_path / "webhook.secret").stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["webhook.secret"]
    assert load_secret(WebhookSettings.model_validate({"webhook_secret": SECRET}), tmp_path) == SECRET
    for wrong in ("whsec_", "whsec_c2hvcnQ=", SECRET.removeprefix("whsec_"), "whsec_$$$"):
        with pytest.raises(SecretInvalid, match="FRAMEWISE_WEBHOOK_SECRET"):
            load_secret(WebhookSettings.model_validate({"webhook_secret": wrong}), tmp_path)


def test_an_error_over_one_video_keeps_nobody_waiting(
    ours: Services, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken, whole = (submitted(ours, receiver.url) for _ in range(2))
    for video in (broken, whole):
        ours.videos.transition(video.video_id, PROCESSING)

    def fails(services: Services, video: Video) -> list[Delivery]:
        if video.video_id == broken.video_id:
            raise ValueError("not to be told")
        return plan(services, video)

    monkeypatch.setattr(notifier_module, "plan", fails)
    rounds(make(ours), most=3)
    assert [message["data"]["video_id"] for message in receiver.messages] == [str(whole.video_id)]
    assert f"video {broken.video_id}: an error while telling its states" in caplog.text
