"""Owns the people whom a worker knows: read from their store when they are first needed, and anew when they change."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inference.gallery import KnownFaces
from pipeline.contracts.errors import StoreError
from pipeline.patience import patiently
from pipeline.stores.people import PeopleStore

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
FIRST_SECONDS = 15.0
"""How long the store of people is waited for when nothing is known yet; a worker that waits longer seems to hang."""
REST = 4.0
"""How many times longer than its reading took a collection is left alone: while thousands are enrolled, a worker must
not do nothing but read them."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of one collection by one model, and when (monotonic seconds) to look at its version again."""

    version: str
    known: KnownFaces
    look_at: float


class StoredGallery:
    """Gallery over a store of people. One thread asks; it can be sent to another process, which opens its own store."""

    def __init__(self, open_store: Callable[[], PeopleStore], clock: Callable[[], float] = time.monotonic) -> None:
        self._open = open_store
        self._clock = clock
        self._begin()

    def _begin(self) -> None:
        self._store: PeopleStore | None = None
        self._read: dict[tuple[str, str], _Read] = {}
        self._joined: tuple[list[KnownFaces], KnownFaces] = ([], KnownFaces())
        self._lock = threading.Lock()

    def __getstate__(self) -> tuple[Callable[[], PeopleStore], Callable[[], float]]:
        return self._open, self._clock

    def __setstate__(self, state: tuple[Callable[[], PeopleStore], Callable[[], float]]) -> None:
        self._open, self._clock = state
        self._begin()

    def known(self, collections: Sequence[str], model_digest: str) -> KnownFaces:
        """The people as they were at most a second ago; while the store is away, as they were last."""
        with self._lock:
            each = [self._of(collection, model_digest) for collection in collections]
            before, together = self._joined
            if len(each) != len(before) or any(a is not b for a, b in zip(each, before, strict=True)):
                together = KnownFaces.together(each)
                self._joined = each, together
            return together

    def _of(self, collection: str, model_digest: str) -> KnownFaces:
        last = self._read.get((collection, model_digest))
        if last is not None and self._clock() < last.look_at:
            return last.known
        try:
            read = patiently(lambda: self._look(collection, model_digest, last), 0 if last else FIRST_SECONDS)
        except StoreError as error:
            if last is None:
                raise
            log.warning("people of collection %s may have changed; they cannot be read now: %s", collection, error)
            read = _Read(last.version, last.known, self._clock() + LOOK_SECONDS)
        self._read[collection, model_digest] = read
        return read.known

    def _look(self, collection: str, model_digest: str, last: _Read | None) -> _Read:
        if self._store is None:
            self._store = self._open()
        version = self._store.version(collection)
        if last is not None and version == last.version:
            return _Read(version, last.known, self._clock() + LOOK_SECONDS)
        began = self._clock()
        rows = self._store.vectors(collection, model_digest)
        known = KnownFaces.of((row.person_id, row.name, row.vector) for row in rows)
        sifted = known.sieve is not None
        spent = self._clock() - began
        how = ", with a sieve" if sifted else ""
        log.info("collection %s: %d people, read in %.2f s%s", collection, len(known.people), spent, how)
        return _Read(version, known, self._clock() + max(LOOK_SECONDS, REST * spent))
