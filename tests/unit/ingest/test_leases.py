"""Holding a lease, and noticing its end."""

import time
from dataclasses import dataclass
from uuid import UUID

import pytest

from ingest.halt import Halt, Halted, HaltReason
from ingest.leases import LeaseKeeper
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.videos import Lease, VideoStatus
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from tests.clock import Clock
from tests.unit.factories import a_video
from tests.waiting import wait_until


@dataclass
class AwayStore(InMemoryVideoStore):
    """A store whose server can be away."""

    away: bool = False
    renewals: int = 0

    def renew(self, lease: Lease) -> bool:
        if self.away:
            raise StoreUnavailable("away")
        self.renewals += 1
        return super().renew(lease)


@pytest.fixture
def store() -> AwayStore:
    return AwayStore()


@pytest.fixture
def video_id(store: AwayStore) -> UUID:
    video = a_video(status=VideoStatus.PROCESSING)
    store.create(video)
    return video.video_id


def keeping(store: AwayStore, video_id: UUID, clock: Clock, seconds: int = 30) -> tuple[LeaseKeeper, Halt]:
    lease = store.claim(video_id, "me", seconds)
    assert lease is not None
    halt = Halt()
    return LeaseKeeper(store, lease, halt, clock.now, clock), halt


def test_renews_after_a_third(store: AwayStore, video_id: UUID) -> None:
    clock = Clock(100.0)
    keeper, halt = keeping(store, video_id, clock)
    clock.now += 9
    keeper.renew_if_due()
    assert store.renewals == 0
    clock.now += 2
    keeper.renew_if_due()
    keeper.renew_if_due()
    assert store.renewals == 1
    assert not halt.is_set


def test_stops_before_the_lease_runs_out_when_it_cannot_be_renewed(store: AwayStore, video_id: UUID) -> None:
    clock = Clock(100.0)
    keeper, halt = keeping(store, video_id, clock)
    store.away = True
    clock.now += 23
    with pytest.raises(StoreUnavailable):
        keeper.renew_if_due()
    keeper.expire()
    assert not halt.is_set
    clock.now += 2
    keeper.expire()
    assert halt.reason is HaltReason.LEASE_LOST


def test_work_that_was_stopped_itself_finds_that_the_lease_has_run_out(store: AwayStore, video_id: UUID) -> None:
    clock = Clock(100.0)
    _, halt = keeping(store, video_id, clock)
    halt.check()
    clock.now += 25
    with pytest.raises(Halted, match="the lease is lost"):
        halt.check()
    assert halt.is_set
    assert halt.reason is HaltReason.LEASE_LOST


def test_stops_when_another_holds_it(store: AwayStore, video_id: UUID) -> None:
    clock = Clock(100.0)
    keeper, halt = keeping(store, video_id, clock)
    store.release(Lease(video_id, "me", 1))
    store.claim(video_id, "other", 30)
    clock.now += 11
    keeper.renew_if_due()
    assert halt.reason is HaltReason.LEASE_LOST


@pytest.mark.parametrize("ended", [VideoStatus.CANCELLED, VideoStatus.FAILED])
def test_stops_when_the_video_has_ended(store: AwayStore, video_id: UUID, ended: VideoStatus) -> None:
    keeper, halt = keeping(store, video_id, Clock(100.0))
    keeper.watch()
    assert not halt.is_set
    store.transition(video_id, ended)
    keeper.watch()
    assert halt.reason is HaltReason.ENDED


def test_its_threads_do_so_by_themselves(store: AwayStore, video_id: UUID) -> None:
    lease = store.claim(video_id, "me", 1)
    assert lease is not None
    halt = Halt()
    keeper = LeaseKeeper(store, lease, halt, time.monotonic())
    keeper.start()
    wait_until(lambda: store.renewals > 3)
    assert store.leaseholder(video_id) == "me"
    store.away = True
    wait_until(lambda: halt.is_set)
    assert store.leaseholder(video_id) == "me"
    keeper.stop()


def test_the_first_reason_stays() -> None:
    halt = Halt()
    halt.raise_flag(HaltReason.ENDED)
    halt.raise_flag(HaltReason.SHUTDOWN)
    assert halt.reason is HaltReason.ENDED


def test_a_lease_of_another_epoch_is_not_ours(store: AwayStore, video_id: UUID) -> None:
    assert not store.renew(Lease(video_id, "me", 7))
