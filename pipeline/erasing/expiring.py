"""Owns the retention of collections: people whose time is over are erased, and nobody has to ask for it."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from pipeline.contracts.erasures import ErasedFrames, Erasure
from pipeline.erasing.beginning import begin
from pipeline.stores.erasures import ErasureStore
from pipeline.stores.people import Collection, PeopleStore, Person

AT_ONCE = 100


def expire(
    people: PeopleStore, erasures: ErasureStore, now: datetime, thresholds: Mapping[str, float]
) -> list[Erasure]:
    """Begin to erase the people of each collection who have been in it for too long; frames stay. Raises StoreError."""
    return [
        begin(people, erasures, [person], ErasedFrames.KEEP, thresholds)
        for collection in people.collections()
        if collection.retention_days is not None
        for person in list(_older(people, collection, now - timedelta(days=collection.retention_days)))
    ]


def _older(people: PeopleStore, collection: Collection, before: datetime) -> Iterator[Person]:
    """Who was enrolled before."""
    page = people.people(collection.name, AT_ONCE)
    while page:
        yield from (person for person in page if person.created_at < before)
        page = people.people(collection.name, AT_ONCE, page[-1])
