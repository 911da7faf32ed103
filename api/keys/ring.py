"""Owns the keys that are in use: each is read again after seconds, so that a revoked one does not work for long."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from api.caller import Caller
from api.keys import form
from pipeline.contracts.errors import Unauthorized
from pipeline.stores.keys import ApiKey, KeyStore

KEPT_SECONDS = 2.0
MOST_KEPT = 1000
ASK = "send an API key as `Authorization: Bearer fw_…` or as `X-API-Key`"
UNKNOWN = "this API key is not known, or was revoked; ask whoever runs this service for another"


class KeyRing:
    """Who a key stands for. Safe for threads; holds at most `MOST_KEPT` keys.

    `requests_per_minute` and `open_videos` are the limits of keys that have none of their own; 0 is no limit.
    """

    def __init__(
        self,
        store: KeyStore,
        requests_per_minute: int = 0,
        open_videos: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._limits = requests_per_minute, open_videos
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, ApiKey]] = OrderedDict()

    def caller(self, sent: str) -> Caller:
        """Who asks with this key; raises Unauthorized, or StoreUnavailable when a key cannot be looked up."""
        if (known := self.known(sent)) is not None:
            return known
        parts = form.read(sent)
        key = self._look_up(parts[0]) if parts else None
        if parts is None or key is None or not _opens(key, parts[1]):
            raise Unauthorized(UNKNOWN)
        return self._stands_for(key)

    def known(self, sent: str) -> Caller | None:
        """The same, by what was read lately; None when the store must be asked. Waits for nobody."""
        parts = form.read(sent)
        if parts is None:
            return None
        with self._lock:
            at, key = self._kept.get(parts[0], (0.0, None))
        fresh = key is not None and self._clock() - at < KEPT_SECONDS
        return self._stands_for(key) if key is not None and fresh and _opens(key, parts[1]) else None

    def _stands_for(self, key: ApiKey) -> Caller:
        rate, videos = self._limits
        return Caller(
            key.key_id,
            key.scopes,
            rate if key.requests_per_minute is None else key.requests_per_minute,
            videos if key.open_videos is None else key.open_videos,
        )

    def _look_up(self, key_id: str) -> ApiKey | None:
        asked = self._clock()
        found = self._store.get(key_id)
        if found is not None:
            self._keep(asked, found)
        return found

    def _keep(self, at: float, key: ApiKey) -> None:
        with self._lock:
            self._kept[key.key_id] = at, key
            self._kept.move_to_end(key.key_id)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)


def _opens(key: ApiKey, secret: str) -> bool:
    return form.same(secret, key.secret_hash) and key.revoked_at is None
