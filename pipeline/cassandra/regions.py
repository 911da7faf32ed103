"""Owns the store of lines and zones on Cassandra."""

from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from pipeline.cassandra.client import CassandraClient
from pipeline.contracts.errors import RecordInvalid
from pipeline.contracts.regions import Regions

KEPT: TypeAdapter[Regions] = TypeAdapter(Regions)


class CassandraRegionStore:
    """RegionStore on Cassandra: a row a video."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client

    def save(self, video_id: UUID, regions: Regions) -> None:
        """Keep them."""
        kept = KEPT.dump_json(regions).decode()
        self._db.execute("INSERT INTO video_regions (video_id, regions) VALUES (?, ?)", (video_id, kept))

    def get(self, video_id: UUID) -> Regions:
        """What is drawn on a video."""
        row: Any = self._db.execute("SELECT regions FROM video_regions WHERE video_id = ?", (video_id,)).one()
        if row is None or row.regions is None:
            return Regions()
        try:
            return KEPT.validate_json(row.regions)
        except ValidationError as e:
            raise RecordInvalid(f"the regions of video {video_id} cannot be read: {e}") from e
