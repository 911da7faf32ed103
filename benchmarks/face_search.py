"""Owns the trial of the search by face: inserts a second, milliseconds, and how often the right track comes first.

    ./run.sh                                        # or name the servers with FRAMEWISE_… settings
    .venv/bin/python -m benchmarks.face_search [--tracks 20000] [--queries 200] [--keep] [--again]

Vectors are those of people with ten tracks each: two of one person are alike by about 0.5, of two people by about 0.
With `--keep` they stay, and with `--again` those of the last time are searched: after a restart of Cassandra the index
is read from files instead of memory. `plain` is the same table without an index.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from pipeline.cassandra.client import CassandraClient, cluster
from pipeline.cassandra.faces import AT_ONCE, CassandraFaceStore
from pipeline.contracts.settings import CassandraSettings
from pipeline.stores.faces import TrackVector, Vector, ranked, unit

LENGTH = 256
TRACKS_EACH = 10
KEYSPACE = "framewise_face_search"
FETCHED = (1, 5, 10, 20, 50, 100, 200)
MODEL = "trial"
PLAIN = (
    "CREATE TABLE IF NOT EXISTS {name} (video_id uuid, track_id text, model text, first_time double, last_time double, "
    f"best_frame bigint, faces int, vector vector<float, {LENGTH}>, PRIMARY KEY (video_id, track_id, model))"
)
INDEX = (
    "CREATE CUSTOM INDEX IF NOT EXISTS {name}_by_vector ON {name} (vector) USING 'StorageAttachedIndex' "
    "WITH OPTIONS = {{'similarity_function': 'COSINE'}}"
)


@dataclass(frozen=True)
class Faces:
    """Vectors of tracks [n, LENGTH], and of further faces of some of their people [queries, LENGTH]."""

    tracks: list[TrackVector]
    queries: list[Vector]


def faces(tracks: int, queries: int) -> Faces:
    """The same ones each time."""
    dice = np.random.default_rng(1)
    people = dice.normal(size=(-(-tracks // TRACKS_EACH), LENGTH))

    def seen(person: int) -> Vector:
        return unit(people[person] + dice.normal(size=LENGTH))

    made = [
        TrackVector(UUID(int=i // 50 + 1), f"f{i + 1}-1", MODEL, 0.0, 1.0, i + 1, 20, seen(i // TRACKS_EACH))
        for i in range(tracks)
    ]
    return Faces(made, [seen(person) for person in dice.integers(0, len(people), queries)])


def insert(client: CassandraClient, made: list[TrackVector]) -> float:
    """Inserts a second."""
    began = time.perf_counter()
    CassandraFaceStore(client).save_tracks(made)
    return len(made) / (time.perf_counter() - began)


def search(client: CassandraClient, known: Faces) -> Iterator[str]:
    """A line for each number of fetched tracks: milliseconds, and the share of queries and tracks that are right."""
    store = CassandraFaceStore(client)
    truth = [[one.track.track_id for one in ranked(known.tracks, MODEL, q, TRACKS_EACH)] for q in known.queries]
    for fetched in FETCHED:
        taken, first, ten = [], 0, 0.0
        for query, right in zip(known.queries, truth, strict=True):
            began = time.perf_counter()
            found = ranked(store.near(query, fetched), MODEL, query, TRACKS_EACH)
            taken.append((time.perf_counter() - began) * 1000)
            names = [one.track.track_id for one in found] or [""]
            first += names[0] == right[0]
            ten += len({*names[:TRACKS_EACH]} & {*right}) / TRACKS_EACH
        n = len(known.queries)
        p50, p95 = np.percentile(taken, (50, 95))
        yield f"{fetched:8} {p50:9.1f} {p95:9.1f} {first / n:10.3f} {ten / n:11.3f}"


def prepare(settings: CassandraSettings, again: bool) -> None:
    """The keyspace with its table."""
    servers = cluster(settings)
    session = servers.connect()
    if not again:
        session.execute(f"DROP KEYSPACE IF EXISTS {KEYSPACE}", timeout=60)
        place = f"{{'class': 'NetworkTopologyStrategy', '{settings.cassandra_datacenter}': 1}}"
        session.execute(f"CREATE KEYSPACE {KEYSPACE} WITH replication = {place}", timeout=60)
        session.execute(f"USE {KEYSPACE}")
        session.execute(PLAIN.format(name=f"track_vectors_{LENGTH}"), timeout=60)
    servers.shutdown()


def main() -> None:
    """Print what was measured."""
    options = _options()
    settings = CassandraSettings(keyspace=KEYSPACE, cassandra_timeout=60.0)
    prepare(settings, options.again)
    known = faces(options.tracks, options.queries)
    client = CassandraClient(settings)
    if not options.again:
        print(f"plain      {insert(client, known.tracks):8.0f} inserts/s, {AT_ONCE} at once")
        client.session.execute(f"TRUNCATE track_vectors_{LENGTH}", timeout=60)
        client.session.execute(INDEX.format(name=f"track_vectors_{LENGTH}"), timeout=60)
        print(f"indexed    {insert(client, known.tracks):8.0f} inserts/s", flush=True)
    print(f"{options.tracks} tracks, {options.queries} queries\n fetched   p50 ms    p95 ms   recall@1   recall@10")
    for line in search(client, known):
        print(line, flush=True)
    if not options.keep:
        client.session.execute(f"DROP KEYSPACE {KEYSPACE}", timeout=60)
    client.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures the search by face on a real Cassandra.")
    parser.add_argument("--tracks", type=int, default=20_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--keep", action="store_true", help="leave the vectors for --again")
    parser.add_argument("--again", action="store_true", help="search those of the last time")
    return parser.parse_args()


if __name__ == "__main__":
    main()
