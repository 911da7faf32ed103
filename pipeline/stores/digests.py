"""Owns what is kept of digests: the contract of a digest store and its in-memory twin."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from pipeline.digests.digest import Digest
from pipeline.digests.totals import LabelTotal, totals_of


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a digest was made of: the bucket's revision, and a mark that tells one ledger from another."""

    revision: int
    mark: str


@dataclass(frozen=True, slots=True)
class KeptDigest:
    """A digest and what it was made of."""

    stamp: Stamp
    digest: Digest


class DigestStore(Protocol):
    """Digests by video and bucket; of two for one bucket, that of the later revision stays.

    Everything in it can be made anew from the results, so a digest that cannot be read is as good as none. The result
    store removes a bucket's digest with its rows. Raises StoreUnavailable.
    """

    def save(self, video_id: UUID, kept: KeptDigest) -> None:
        """Keep a digest and its totals."""

    def confirm(self, video_id: UUID, bucket: int, revision: int) -> None:
        """Say that what is kept of a bucket is right for this revision too."""

    def stamps(self, video_id: UUID, buckets: Sequence[int]) -> dict[int, Stamp]:
        """What those that are kept of these buckets were made of."""

    def read(self, video_id: UUID, buckets: Sequence[int]) -> Iterator[KeptDigest]:
        """Those that are kept of these buckets, ascending, fetched as they are taken."""

    def totals(self, video_id: UUID, buckets: Sequence[int]) -> Iterator[LabelTotal]:
        """The totals of those that are kept of these buckets."""

    def remove(self, video_id: UUID, buckets: Sequence[int]) -> None:
        """Delete those of these buckets."""


@dataclass
class InMemoryDigestStore:
    """The twin for tests and trials."""

    _kept: dict[tuple[UUID, int], KeptDigest] = field(default_factory=dict)

    def save(self, video_id: UUID, kept: KeptDigest) -> None:
        known = self._kept.get((video_id, kept.digest.bucket))
        if known is None or known.stamp.revision <= kept.stamp.revision:
            self._kept[video_id, kept.digest.bucket] = kept

    def confirm(self, video_id: UUID, bucket: int, revision: int) -> None:
        known = self._kept[video_id, bucket]
        self.save(video_id, KeptDigest(Stamp(revision, known.stamp.mark), known.digest))

    def stamps(self, video_id: UUID, buckets: Sequence[int]) -> dict[int, Stamp]:
        return {kept.digest.bucket: kept.stamp for kept in self.read(video_id, buckets)}

    def read(self, video_id: UUID, buckets: Sequence[int]) -> Iterator[KeptDigest]:
        return (kept for bucket in sorted(buckets) if (kept := self._kept.get((video_id, bucket))) is not None)

    def totals(self, video_id: UUID, buckets: Sequence[int]) -> Iterator[LabelTotal]:
        return (total for kept in self.read(video_id, buckets) for total in totals_of(kept.digest))

    def remove(self, video_id: UUID, buckets: Sequence[int]) -> None:
        for bucket in buckets:
            self._kept.pop((video_id, bucket), None)
