"""Owns the store of submissions' keys on Cassandra: the first claim is a lightweight transaction."""

from uuid import UUID

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.names import VideoNames
from pipeline.contracts.errors import StoreUnavailable
from pipeline.stores.submissions import KEY_DAYS, Claim, SubmissionKey

SECONDS = KEY_DAYS * 86_400
TRIES = 5
"""Many who claim the same key at once get in each other's way; then it is asked who was first."""
SELECT = "SELECT video_id, fingerprint FROM idempotency_keys WHERE scope = ? AND key = ?"
CLAIM = (
    "INSERT INTO idempotency_keys (scope, key, fingerprint, video_id) VALUES (?, ?, ?, ?) "
    f"IF NOT EXISTS USING TTL {SECONDS}"
)
REMEMBER = f"INSERT INTO video_names (video_id, scope, key) VALUES (?, ?, ?) USING TTL {SECONDS}"


class CassandraSubmissionStore:
    """SubmissionStore on Cassandra."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client
        self._names = VideoNames(client)

    def find(self, key: SubmissionKey) -> Claim | None:
        """What a key stands for."""
        row = self._db.execute(SELECT, (key.scope, key.key)).one()
        return Claim(row.video_id, row.fingerprint) if row is not None else None

    def claim(self, key: SubmissionKey, wanted: Claim) -> Claim:
        """The first claim of all. That the video has a key is written first, so that it can be taken back."""
        if (found := self.find(key)) is not None:
            return found
        self._db.execute(REMEMBER, (wanted.video_id, key.scope, key.key))
        for left in reversed(range(TRIES)):
            try:
                return self._insert(key, wanted)
            except StoreUnavailable:
                if (found := self.find(key)) is not None:
                    return self._settled(wanted, found)
                if not left:
                    raise
        raise AssertionError("the last try returns or raises")

    def _insert(self, key: SubmissionKey, wanted: Claim) -> Claim:
        if self._db.apply(CLAIM, (key.scope, key.key, wanted.fingerprint, wanted.video_id)):
            return wanted
        found = self.find(key)
        if found is None:
            raise StoreUnavailable(f"the key {key.key!r} has just run out; send the request again")
        return self._settled(wanted, found)

    def _settled(self, wanted: Claim, found: Claim) -> Claim:
        if wanted.video_id is not None and found.video_id != wanted.video_id:
            self._db.execute("DELETE FROM video_names WHERE video_id = ?", (wanted.video_id,))
        return found

    def forget(self, video_id: UUID) -> None:
        """The video is gone: its key stands for none."""
        self._names.forget(video_id)
