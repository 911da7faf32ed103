"""What a webhook store promises, asked of the one on Cassandra and of its in-memory twin."""

import time
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.cassandra.webhooks import CassandraWebhookStore
from pipeline.stores.webhooks import (
    KEPT_TRIES,
    Delivery,
    DeliveryState,
    InMemoryWebhookStore,
    Try,
    Watched,
    WebhookStore,
    now_ms,
)
from tests.integration.races import race

PENDING, DELIVERED, FAILED = DeliveryState


@pytest.fixture(params=["memory", "cassandra"])
def store(request: pytest.FixtureRequest) -> WebhookStore:
    if request.param == "memory":
        return InMemoryWebhookStore()
    client: CassandraClient = request.getfixturevalue("client")
    client.session.execute("TRUNCATE webhook_videos")
    return CassandraWebhookStore(client)


def a_delivery(video_id: UUID | None = None, event: str = "video.completed", attempt: int = 1) -> Delivery:
    now = now_ms()
    return Delivery(video_id or uuid4(), uuid4(), event, attempt, now, '{"ä": "標"}', now)


def kept(store: WebhookStore, delivery: Delivery) -> Delivery:
    [found] = [d for d in store.deliveries(delivery.video_id) if d.delivery_id == delivery.delivery_id]
    return found


def every(store: WebhookStore, limit: int) -> list[Watched]:
    found: list[Watched] = []
    while page := store.watched(found[-1].video_id if found else None, limit):
        found += page
    return found


def test_the_listing_is_read_in_pages(store: WebhookStore) -> None:
    ids = {uuid4() for _ in range(23)}
    for video_id in ids:
        store.watch(video_id)
    found = every(store, 5)
    assert len(found) == 23
    assert {w.video_id for w in found} == ids
    for watched in found:
        store.unwatch(watched)
    assert store.watched(None, 10) == []


def test_what_was_listed_again_stays(store: WebhookStore) -> None:
    video_id = uuid4()
    store.watch(video_id)
    [first] = store.watched(None, 10)
    time.sleep(0.01)
    store.watch(video_id)
    store.unwatch(first)
    [second] = store.watched(None, 10)
    assert second.mark != first.mark
    store.unwatch(second)
    store.unwatch(second)
    assert store.watched(None, 10) == []


def test_a_delivery_is_added_once(store: WebhookStore) -> None:
    delivery = a_delivery()
    store.add(delivery)
    store.add(replace(delivery, body="another"))
    assert store.deliveries(delivery.video_id) == [delivery]
    assert store.deliveries(uuid4()) == []


def test_deliveries_are_in_the_order_of_states(store: WebhookStore) -> None:
    video_id = uuid4()
    wanted = [(1, "video.processing"), (1, "video.failed"), (2, "video.processing"), (2, "video.completed")]
    for attempt, event in reversed(wanted):
        store.add(a_delivery(video_id, event, attempt))
    assert [(d.attempt, d.event) for d in store.deliveries(video_id)] == wanted


def test_one_of_many_claims_it(store: WebhookStore) -> None:
    delivery = a_delivery()
    store.add(delivery)
    assert sum(race(8, lambda n: store.claim(delivery, f"h{n}", 30))) == 1


def test_what_became_of_it_is_written_by_its_holder(store: WebhookStore) -> None:
    delivery = a_delivery()
    store.add(delivery)
    after = delivery.tried(Try(now_ms(), 0.25, 500, "no"), PENDING, now_ms() + timedelta(seconds=5))
    assert not store.record(after, "a")
    assert store.claim(delivery, "a", 30)
    assert not store.record(after, "b")
    assert not store.again(delivery, now_ms())
    assert store.record(after, "a")
    assert not store.record(after, "a")
    assert kept(store, delivery) == after
    assert not store.claim(delivery, "b", 30), "it is not as it was when it was read"
    assert store.claim(after, "b", 30)
    done = after.tried(Try(now_ms(), 0.5, 204), DELIVERED, None)
    assert store.record(done, "b")
    assert kept(store, delivery) == done
    assert not store.claim(done, "c", 30)


def test_a_claim_runs_out(store: WebhookStore) -> None:
    delivery = a_delivery()
    store.add(delivery)
    assert store.claim(delivery, "a", 1)
    time.sleep(1.2)
    assert store.claim(delivery, "b", 30)
    assert not store.record(delivery, "a")


def test_it_is_asked_for_again(store: WebhookStore) -> None:
    delivery = a_delivery()
    assert not store.again(delivery, now_ms())
    assert store.deliveries(delivery.video_id) == []
    store.add(delivery)
    assert store.claim(delivery, "a", 30)
    given_up = delivery.tried(Try(now_ms(), 1.0, None, "no answer"), FAILED, None)
    assert store.record(given_up, "a")
    now = now_ms()
    assert store.again(given_up, now)
    found = kept(store, delivery)
    assert (found.state, found.next_at, found.failures, found.tries) == (PENDING, now, 0, given_up.tries)


def test_only_the_newest_tries_are_kept() -> None:
    delivery = a_delivery()
    for n in range(KEPT_TRIES + 5):
        delivery = delivery.tried(Try(now_ms(), float(n), 500, "no"), PENDING, now_ms())
    assert [t.seconds for t in delivery.tries] == [float(n) for n in range(5, KEPT_TRIES + 5)]
    assert delivery.failures == KEPT_TRIES + 5


def test_nothing_is_left_of_a_video_that_is_forgotten(store: WebhookStore) -> None:
    delivery, other = a_delivery(), a_delivery()
    for one in (delivery, other):
        store.add(one)
        store.watch(one.video_id)
    assert store.claim(delivery, "a", 30)
    store.forget(delivery.video_id)
    assert not store.record(delivery, "a")
    assert store.deliveries(delivery.video_id) == []
    assert [w.video_id for w in store.watched(None, 10)] == [other.video_id]
    assert store.deliveries(other.video_id) == [other]


def test_a_video_store_forgets_webhooks_too(client: CassandraClient) -> None:
    store, delivery = CassandraWebhookStore(client), a_delivery()
    store.add(delivery)
    store.watch(delivery.video_id)
    CassandraVideoStore(client).forget(delivery.video_id)
    for table in ("webhook_videos", "webhook_deliveries"):
        assert str(delivery.video_id) not in str(list(client.session.execute(f"SELECT * FROM {table}")))
