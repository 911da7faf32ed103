"""The store of people: what it promises, in memory and on Cassandra."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.people import CassandraPeopleStore
from pipeline.contracts.results import Box
from pipeline.stores.in_memory_people import InMemoryPeopleStore
from pipeline.stores.people import Collection, FrameFace, KnownVector, PeopleStore, Person, Photo

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture(params=["memory", "cassandra"])
def store(request: pytest.FixtureRequest) -> PeopleStore:
    if request.param == "memory":
        return InMemoryPeopleStore()
    client: CassandraClient = request.getfixturevalue("client")
    return CassandraPeopleStore(client)


@pytest.fixture
def here() -> str:
    """A collection of the test's own: all share a keyspace."""
    return f"c{uuid4().hex[:12]}"


def _person(name: str, collection: str, minutes: int = 0) -> Person:
    return Person(uuid4(), collection, name, NOW + timedelta(minutes=minutes))


def _photo(person: Person, minutes: int = 0, source: FrameFace | None = None, kept: bool = False) -> Photo:
    at = NOW + timedelta(minutes=minutes)
    return Photo(uuid4(), person.person_id, at, 80, 0.25, 0.5, kept, frozenset({"m"}), source)


def _names(store: PeopleStore, collection: str, model: str = "m") -> list[str]:
    return sorted(known.name for known in store.vectors(collection, model))


def test_collections_keep_when_they_were_made(store: PeopleStore, here: str) -> None:
    assert store.collection(here) is None
    first = Collection(here, "tests", NOW, 30, keep_photos=False)
    store.save_collection(first)
    assert store.collection(here) == first
    store.save_collection(Collection(here, "other", NOW + timedelta(days=1)))
    assert store.collection(here) == Collection(here, "other", NOW)
    assert here in [one.name for one in store.collections()]
    store.delete_collection(here)
    assert here not in [one.name for one in store.collections()]


def test_people_in_pages_newest_first(store: PeopleStore, here: str) -> None:
    people = [_person(str(minutes), here, minutes=minutes // 2) for minutes in range(5)]
    for person in people:
        store.add_person(person)
    store.add_person(_person("elsewhere", here + "-other"))
    first = store.people(here, 2)
    rest = store.people(here, 10, first[-1])
    expected = sorted(people, key=lambda p: (p.created_at, p.person_id), reverse=True)
    assert [*first, *rest] == expected
    assert (store.count(here), store.count(here + "-other"), store.count("none")) == (5, 1, 0)
    assert store.person(people[0].person_id) == people[0]
    assert store.person(UUID(int=5)) is None


def test_photos_with_what_goes_with_them(store: PeopleStore, here: str) -> None:
    anna = _person("Anna", here)
    store.add_person(anna)
    source = FrameFace(uuid4(), 51, Box(0.1, 0.2, 0.3, 0.4))
    first, second = _photo(anna, source=source, kept=True), _photo(anna, minutes=1)
    store.add_photo(anna, second, None, {"m": b"second"})
    store.add_photo(anna, first, b"jpeg", {"m": b"first"})
    assert store.photos(anna.person_id) == [first, second]
    assert store.picture(anna.person_id, first.photo_id) == b"jpeg"
    assert store.picture(anna.person_id, second.photo_id) is None
    assert sorted(store.vectors(here, "m"), key=lambda known: known.vector) == [
        KnownVector(anna.person_id, first.photo_id, "Anna", b"first"),
        KnownVector(anna.person_id, second.photo_id, "Anna", b"second"),
    ]
    store.add_vectors(anna, second.photo_id, {"newer": b"vector"})
    assert store.photos(anna.person_id)[1].models == {"m", "newer"}
    assert _names(store, here, model="newer") == ["Anna"]
    store.delete_picture(anna.person_id, first.photo_id)
    assert not store.photos(anna.person_id)[0].kept
    assert store.picture(anna.person_id, first.photo_id) is None
    store.delete_photo(anna, second.photo_id)
    assert [photo.photo_id for photo in store.photos(anna.person_id)] == [first.photo_id]
    assert (_names(store, here), _names(store, here, model="newer")) == (["Anna"], [])


def test_one_persons_vectors_come_together(store: PeopleStore, here: str) -> None:
    people = [_person(str(number), here) for number in range(6)]
    for round_ in range(3):
        for person in people:
            store.add_person(person)
            store.add_photo(person, _photo(person, minutes=round_), None, {"m": b"v"})
    owners = [known.person_id for known in store.vectors(here, "m")]
    changes = sum(a != b for a, b in pairwise(owners))
    assert (len(owners), changes) == (18, 5)


def test_whatever_changes_who_is_known_changes_the_version(store: PeopleStore, here: str) -> None:
    versions = [store.version(here)]
    anna = _person("Anna", here)
    store.add_person(anna)
    photo = _photo(anna)
    changes: list[Callable[[], None]] = [
        lambda: store.add_photo(anna, photo, None, {"m": b"v"}),
        lambda: store.add_vectors(anna, photo.photo_id, {"n": b"v"}),
        lambda: store.delete_photo(anna, photo.photo_id),
        lambda: store.delete_person(anna.person_id),
        lambda: store.delete_collection(here),
    ]
    for change in changes:
        change()
        versions.append(store.version(here))
    assert versions[0] == ""
    assert len(set(versions)) == len(versions)


def test_a_deleted_person_leaves_nothing(store: PeopleStore, here: str) -> None:
    anna, bert = _person("Anna", here), _person("Bert", here)
    for person in (anna, bert):
        store.add_person(person)
        store.add_photo(person, _photo(person, kept=True), b"jpeg", {"m": b"v", "n": b"w"})
    [photo] = store.photos(anna.person_id)
    store.delete_person(anna.person_id)
    store.delete_person(anna.person_id)
    assert store.person(anna.person_id) is None
    assert store.photos(anna.person_id) == []
    assert store.picture(anna.person_id, photo.photo_id) is None
    assert (_names(store, here), _names(store, here, model="n")) == (["Bert"], ["Bert"])
    assert [person.name for person in store.people(here, 10)] == ["Bert"]


def test_what_is_written_while_somebody_is_deleted_goes_with_another_deletion(store: PeopleStore, here: str) -> None:
    anna, bert = _person("Anna", here), _person("Bert", here)
    for person in (anna, bert):
        store.add_person(person)
        store.add_photo(person, _photo(person), None, {"m": b"1234"})
    [photo] = store.photos(anna.person_id)
    store.delete_person(anna.person_id)
    store.add_photo(anna, replace(photo, photo_id=uuid4()), b"picture", {"m": b"1234"})
    before = store.version(here)
    store.delete_person(anna.person_id)
    assert store.photos(anna.person_id) == []
    assert _names(store, here) == ["Bert"]
    assert store.version(here) != before, "workers hear of it"


def test_a_photo_that_is_deleted_while_it_is_learnt_is_none(store: PeopleStore, here: str) -> None:
    anna = _person("Anna", here)
    store.add_person(anna)
    gone, stays = _photo(anna), _photo(anna, minutes=1)
    for photo in (gone, stays):
        store.add_photo(anna, photo, None, {"m": b"1234"})
    store.delete_photo(anna, gone.photo_id)
    store.add_vectors(anna, gone.photo_id, {"newer": b"1234"})
    assert [photo.photo_id for photo in store.photos(anna.person_id)] == [stays.photo_id]
    store.delete_photo(anna, gone.photo_id)
    assert _names(store, here, "newer") == []
