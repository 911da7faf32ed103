"""The thread that erases: what is due is done by one process, people go when their time is over, and it ends."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from ingest.erasing import DUTY, Eraser
from pipeline.contracts.erasures import STEPS, Brief, ErasedFrames, Erasure, ErasureState, new_erasure
from pipeline.contracts.errors import StoreUnavailable
from pipeline.erasing.stores import PersonalStores
from pipeline.stores.digests import InMemoryDigestStore
from pipeline.stores.duties import InMemoryDutyStore
from pipeline.stores.erasures import InMemoryErasureStore
from pipeline.stores.faces import InMemoryFaceStore
from pipeline.stores.frames import InMemoryFrameStore
from pipeline.stores.in_memory_people import InMemoryPeopleStore
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_tracks import InMemoryTrackStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.people import Collection, Person
from pipeline.stores.search import InMemorySearchIndex
from pipeline.stores.sightings import InMemorySightingStore


def stores(erasures: InMemoryErasureStore, people: InMemoryPeopleStore | None = None) -> PersonalStores:
    """Empty ones, but for these."""
    return PersonalStores(
        InMemoryVideoStore(),
        InMemoryResultStore(),
        InMemoryFrameStore(),
        InMemoryDigestStore(),
        InMemorySearchIndex(),
        people or InMemoryPeopleStore(),
        InMemoryFaceStore(),
        InMemoryTrackStore(),
        InMemorySightingStore(),
        erasures,
    )


def test_each_round_is_done_when_it_is_due() -> None:
    erasures, brief = InMemoryErasureStore(), Brief(frozenset({uuid4()}), frozenset({"Ada"}))
    erasure = new_erasure(brief, ErasedFrames.BLUR)
    erasures.begin(erasure, brief)
    now = [erasure.requested_at]
    eraser = Eraser(stores(erasures), InMemoryDutyStore(), "me", clock=lambda: now[0])
    states, known = [], []
    for step in STEPS:
        now[0] = erasure.requested_at + step - timedelta(milliseconds=1)
        eraser.sweep()
        before = erasures.erasures[erasure.erasure_id].rounds
        now[0] = erasure.requested_at + step
        eraser.sweep()
        eraser.sweep()
        after = erasures.erasures[erasure.erasure_id]
        assert after.rounds == before + 1
        states.append(after.state)
        known.append(bool(erasures.brief(erasure.erasure_id).names))
    assert states == [ErasureState.ERASING] * 2 + [ErasureState.ERASED] * 5
    assert known == [True] * 2 + [False] * 5, "names are forgotten as soon as they are not needed"
    assert after.due_at is None


def test_rounds_that_are_overdue_are_not_done_in_one_go() -> None:
    erasures = InMemoryErasureStore()
    erasure = new_erasure(Brief(), ErasedFrames.BLUR)
    erasures.begin(erasure, Brief())
    now = [erasure.requested_at + timedelta(days=2)]
    eraser = Eraser(stores(erasures), InMemoryDutyStore(), "me", clock=lambda: now[0])
    rounds = []
    for seconds in (0, 2, 2, 2, 20, 5, 90, 24 * 3600, 24 * 3600, 24 * 3600):
        now[0] += timedelta(seconds=seconds)
        eraser.sweep()
        rounds.append(erasures.erasures[erasure.erasure_id].rounds)
    assert rounds == [1, 1, 1, 2, 2, 3, 4, 5, 6, 7]


def test_only_one_process_erases() -> None:
    erasures, duties = InMemoryErasureStore(), InMemoryDutyStore()
    erasure = new_erasure(Brief(), ErasedFrames.BLUR)
    erasures.begin(erasure, Brief())
    duties.take(DUTY, "another", 60)
    eraser = Eraser(stores(erasures), duties, "me")
    eraser.sweep()
    assert erasures.erasures[erasure.erasure_id].rounds == 0
    duties.leave(DUTY, "another")
    eraser.sweep()
    assert erasures.erasures[erasure.erasure_id].rounds == 1
    assert duties.take(DUTY, "another", 60), "it is given back"


def test_people_go_when_the_retention_of_their_collection_is_over() -> None:
    people, erasures, now = InMemoryPeopleStore(), InMemoryErasureStore(), datetime.now(UTC)
    people.save_collection(Collection("door", "who may come in", now, retention_days=30))
    people.save_collection(Collection("default", "a test", now))
    old, new = (Person(uuid4(), "door", name, now - timedelta(days=days)) for name, days in (("Old", 31), ("New", 29)))
    forever = Person(uuid4(), "default", "Forever", now - timedelta(days=1000))
    for person in (old, new, forever):
        people.add_person(person)
    Eraser(stores(erasures, people), InMemoryDutyStore(), "me").sweep()
    assert people.person(old.person_id) is None
    assert people.person(new.person_id) == new
    assert people.person(forever.person_id) == forever
    (erasure,) = erasures.erasures.values()
    assert (erasure.frames, erasure.removed.people, erasure.rounds) == (ErasedFrames.KEEP, 1, 0)


class Stubborn(InMemoryErasureStore):
    """Of one erasure nothing can be told."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong = uuid4()

    def brief(self, erasure_id: UUID) -> Brief:
        if erasure_id == self.wrong:
            raise StoreUnavailable("it cannot be read")
        return super().brief(erasure_id)


def test_an_erasure_that_fails_does_not_keep_others_waiting() -> None:
    erasures, people, now = Stubborn(), InMemoryPeopleStore(), datetime.now(UTC)
    people.save_collection(Collection("door", "who may come in", now, retention_days=30))
    old = Person(uuid4(), "door", "Old", now - timedelta(days=31))
    people.add_person(old)
    first, second = (new_erasure(Brief(), ErasedFrames.BLUR) for _ in range(2))
    erasures.wrong = first.erasure_id
    for erasure in (first, second):
        erasures.begin(erasure, Brief())
    with pytest.raises(StoreUnavailable, match="cannot be read"):
        Eraser(stores(erasures, people), InMemoryDutyStore(), "me").sweep()
    assert [erasures.erasures[one.erasure_id].rounds for one in (first, second)] == [0, 1]
    assert people.person(old.person_id) is None, "nor those whose time is over"


class Contested(InMemoryDutyStore):
    """Another process takes the duty first, does what is due, and gives it back."""

    other: Eraser | None = None

    def take(self, name: str, owner: str, seconds: int) -> bool:
        other, self.other = self.other, None
        if other is not None:
            other.sweep()
        return super().take(name, owner, seconds)


class Counted(InMemoryErasureStore):
    """Knows how many rounds were kept."""

    kept = 0

    def looked(self, before: Erasure, after: Erasure) -> None:
        self.kept += 1
        super().looked(before, after)


def test_what_another_process_has_just_done_is_not_done_again() -> None:
    erasures, duties = Counted(), Contested()
    erasures.begin(new_erasure(Brief(), ErasedFrames.BLUR), Brief())
    duties.other = Eraser(stores(erasures), duties, "another")
    Eraser(stores(erasures), duties, "me").sweep()
    assert erasures.kept == 1


class Away(InMemoryErasureStore):
    """A store that does not answer."""

    def due(self, now: datetime, limit: int) -> list[object]:  # type: ignore[override]
        raise StoreUnavailable("it is away")


def test_a_store_that_is_away_is_asked_again_and_the_thread_ends(caplog: pytest.LogCaptureFixture) -> None:
    eraser = Eraser(stores(Away()), InMemoryDutyStore(), "me")
    thread = threading.Thread(target=eraser.run)
    thread.start()
    while "it is away" not in caplog.text:
        thread.join(0.01)
    eraser.stop()
    thread.join(5)
    assert not thread.is_alive()
