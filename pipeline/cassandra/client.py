"""Owns the connection to Cassandra: one session a process, prepared statements, times in UTC, clear errors."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cassandra import (
    ConsistencyLevel,
    OperationTimedOut,
    ReadFailure,
    ReadTimeout,
    RequestExecutionException,
    RequestValidationException,
    Unavailable,
    WriteFailure,
    WriteTimeout,
)
from cassandra.cluster import (
    EXEC_PROFILE_DEFAULT,
    Cluster,
    ExecutionProfile,
    NoHostAvailable,
    ResultSet,
    Session,
)
from cassandra.connection import ConnectionException
from cassandra.policies import DCAwareRoundRobinPolicy, ExponentialReconnectionPolicy, TokenAwarePolicy
from cassandra.query import BatchStatement, BatchType, PreparedStatement, named_tuple_factory

from pipeline.contracts.errors import StoreError, StoreUnavailable
from pipeline.contracts.settings import CassandraSettings

UNAVAILABLE = (
    NoHostAvailable,
    OperationTimedOut,
    ReadTimeout,
    ReadFailure,
    WriteTimeout,
    WriteFailure,
    Unavailable,
    ConnectionException,
)

logging.getLogger("cassandra").setLevel(logging.ERROR)


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn the driver's failures into StoreUnavailable, and what the server does not understand into StoreError."""
    try:
        yield
    except UNAVAILABLE as e:
        raise StoreUnavailable(f"Cassandra does not answer ({type(e).__name__}); is it running?") from e
    except RequestExecutionException as e:
        raise StoreUnavailable(f"Cassandra refused a request: {e}") from e
    except RequestValidationException as e:
        raise StoreError(f"Cassandra does not understand a request: {e}; was the schema brought up to date?") from e


@lru_cache(maxsize=1024)
def _row_class(names: tuple[str, ...]) -> Any:
    return type(named_tuple_factory(names, [(None,) * len(names)])[0])


def _named_tuples(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[Any]:
    """Rows as the driver's named tuples, by one class a list of columns: it makes a class anew with each answer,
    which took a quarter of ingest's time.
    """
    return list(map(_row_class(tuple(names))._make, rows))


def cluster(settings: CassandraSettings) -> Cluster:
    """A cluster object for the settings; nothing is connected yet."""
    profile = ExecutionProfile(
        load_balancing_policy=TokenAwarePolicy(DCAwareRoundRobinPolicy(settings.cassandra_datacenter)),
        consistency_level=ConsistencyLevel.LOCAL_QUORUM,
        serial_consistency_level=ConsistencyLevel.LOCAL_SERIAL,
        request_timeout=settings.cassandra_timeout,
        row_factory=_named_tuples,
    )
    return Cluster(
        [host.strip() for host in settings.cassandra_hosts.split(",")],
        port=settings.cassandra_port,
        protocol_version=5,
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        connect_timeout=settings.cassandra_timeout,
        # By default 2 s, too short to read the schema from a busy server.
        control_connection_timeout=settings.cassandra_timeout,
        # By default up to ten minutes: a server that comes back would not be noticed for as long.
        reconnection_policy=ExponentialReconnectionPolicy(0.5, 5.0, max_attempts=None),
    )


class CassandraClient:
    """A session on the keyspace, with statements prepared on first use. Safe for threads; close it at the end."""

    def __init__(self, settings: CassandraSettings) -> None:
        self.settings = settings
        self._cluster = cluster(settings)
        try:
            with store_errors():
                self.session: Session = self._cluster.connect()
                # What preparing a statement waits for; the driver has no other way to say it beside profiles.
                self.session._default_timeout = settings.cassandra_timeout
                self.session.set_keyspace(settings.keyspace)
        except StoreError:
            self._cluster.shutdown()
            raise
        self._prepared: dict[str, PreparedStatement] = {}

    def prepare(self, cql: str) -> PreparedStatement:
        """The prepared form of a statement; reads may be repeated, so all are marked idempotent."""
        if cql not in self._prepared:
            with store_errors():
                statement = self.session.prepare(cql)
            statement.is_idempotent = " IF " not in cql
            self._prepared[cql] = statement
        return self._prepared[cql]

    def execute(self, cql: str, values: Sequence[Any] = ()) -> ResultSet:
        """Run one statement."""
        statement = self.prepare(cql)
        with store_errors():
            return self.session.execute(statement, values)

    def rows(self, cql: str, values: Sequence[Any] = (), at_once: int = 500) -> Iterator[Any]:
        """The rows of a SELECT, fetched `at_once` at a time while they are taken."""
        statement = self.prepare(cql).bind(values)
        statement.fetch_size = at_once
        with store_errors():
            yield from self.session.execute(statement)

    def apply(self, cql: str, values: Sequence[Any] = ()) -> bool:
        """Run one lightweight transaction; whether its condition held."""
        return bool(self.execute(cql, values).one()[0])

    def write_many(self, groups: Iterable[tuple[str, Sequence[Sequence[Any]]]], at_once: int = 32) -> None:
        """Write groups of rows, each group into one partition in one request, `at_once` requests in flight."""
        flying: list[Any] = []
        with store_errors():
            for cql, rows in groups:
                batch = BatchStatement(BatchType.UNLOGGED)
                batch.is_idempotent = True
                for row in rows:
                    batch.add(self.prepare(cql), row)
                flying.append(self.session.execute_async(batch))
                if len(flying) >= at_once:
                    flying.pop(0).result()
            for future in flying:
                future.result()

    def ping(self) -> str:
        """The server's version, by a real question; raises StoreUnavailable."""
        row = self.execute("SELECT release_version FROM system.local").one()
        return str(row.release_version)

    def close(self) -> None:
        """End the session."""
        self._cluster.shutdown()


def grouped(cql: str, rows: Sequence[Sequence[Any]], at_most: int) -> Iterator[tuple[str, Sequence[Sequence[Any]]]]:
    """Rows of one partition as groups of at most so many, as `write_many` takes them."""
    return ((cql, rows[start : start + at_most]) for start in range(0, len(rows), at_most))


def utc(value: datetime | None) -> datetime | None:
    """A time as the driver gives it (naive, UTC) with its zone."""
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value
