"""Owns the stores of all that may be personal, on Cassandra: what an erasure goes through."""

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.digests import CassandraDigestStore
from pipeline.cassandra.erasures import CassandraErasureStore
from pipeline.cassandra.faces import CassandraFaceStore
from pipeline.cassandra.people import CassandraPeopleStore
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.search import CassandraSearchIndex
from pipeline.cassandra.sightings import CassandraSightingStore
from pipeline.cassandra.tracks import CassandraTrackStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.erasing.stores import PersonalStores
from pipeline.stores.frames import FrameStore


def personal_stores(client: CassandraClient, frames: FrameStore) -> PersonalStores:
    """All of them over one connection."""
    return PersonalStores(
        CassandraVideoStore(client),
        CassandraResultStore(client),
        frames,
        CassandraDigestStore(client),
        CassandraSearchIndex(client),
        CassandraPeopleStore(client),
        CassandraFaceStore(client),
        CassandraTrackStore(client),
        CassandraSightingStore(client),
        CassandraErasureStore(client),
    )
