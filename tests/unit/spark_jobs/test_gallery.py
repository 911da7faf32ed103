"""The people whom a worker knows: changes are seen within a second, and a store that is away changes nothing."""

import pickle
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

import numpy as np
import pytest

from pipeline.contracts.errors import StoreUnavailable
from pipeline.stores.in_memory_people import InMemoryPeopleStore
from pipeline.stores.people import KnownVector, Person, Photo
from spark_jobs.gallery import StoredGallery

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ANNA = Person(UUID(int=1), "default", "Anna", NOW)
BERT = Person(UUID(int=2), "guests", "Bert", NOW)


class _People(InMemoryPeopleStore):
    """Counts its readings, each of which takes some seconds; may be away."""

    away = False
    readings = 0
    clock = 0.0
    seconds = 0.0

    def version(self, collection: str) -> str:
        if self.away:
            raise StoreUnavailable("away")
        return super().version(collection)

    def vectors(self, collection: str, model_digest: str) -> Iterator[KnownVector]:
        self.readings += 1
        self.clock += self.seconds
        return super().vectors(collection, model_digest)


@pytest.fixture
def people() -> _People:
    return _People()


@pytest.fixture
def gallery(people: _People) -> StoredGallery:
    return StoredGallery(lambda: people, lambda: people.clock)


def _enrol(people: _People, person: Person) -> UUID:
    people.add_person(person)
    photo = Photo(uuid4(), person.person_id, NOW, 80, 0.5, 1.0, kept=False)
    people.add_photo(person, photo, None, {"m": np.array([1, 0], np.float32).tobytes()})
    return photo.photo_id


def _names(gallery: StoredGallery, *collections: str, model: str = "m") -> list[str]:
    return [name for _, name in gallery.known(collections or ("default",), model).people]


def test_whoever_is_enrolled_is_known_a_second_later(people: _People, gallery: StoredGallery) -> None:
    assert _names(gallery) == []
    _enrol(people, ANNA)
    assert _names(gallery) == []
    people.clock += 1.0
    assert _names(gallery) == ["Anna"]
    people.delete_person(ANNA.person_id)
    people.clock += 1.0
    assert _names(gallery) == []


def test_people_are_read_again_only_when_they_changed(people: _People, gallery: StoredGallery) -> None:
    _enrol(people, ANNA)
    for _ in range(5):
        first = gallery.known(["default"], "m")
        people.clock += 1.0
    assert people.readings == 1
    assert gallery.known(["default"], "m") is first


def test_a_collection_that_takes_long_to_read_is_read_less_often(people: _People, gallery: StoredGallery) -> None:
    people.seconds = 2.0
    _names(gallery)
    _enrol(people, ANNA)
    people.clock += 7.9
    assert _names(gallery) == []
    people.clock += 0.2
    assert _names(gallery) == ["Anna"]


def test_while_the_store_is_away_people_stay_known(people: _People, gallery: StoredGallery) -> None:
    _enrol(people, ANNA)
    assert _names(gallery) == ["Anna"]
    people.away = True
    people.clock += 5
    assert _names(gallery) == ["Anna"]


def test_a_store_that_is_away_at_first_is_an_error(
    people: _People, gallery: StoredGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spark_jobs.gallery.FIRST_SECONDS", 0)
    people.away = True
    with pytest.raises(StoreUnavailable):
        _names(gallery)


def test_collections_and_models_are_apart(people: _People, gallery: StoredGallery) -> None:
    _enrol(people, ANNA)
    _enrol(people, BERT)
    assert _names(gallery, "guests") == ["Bert"]
    assert _names(gallery, "default", "guests") == ["Anna", "Bert"]
    assert _names(gallery, model="other") == []


def test_it_can_be_sent_to_another_process() -> None:
    sent = pickle.loads(pickle.dumps(StoredGallery(partial(InMemoryPeopleStore))))
    assert _names(sent) == []
