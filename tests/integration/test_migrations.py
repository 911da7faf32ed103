"""The schema: made once, brought up to date file by file, and never taken back."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cassandra.cluster import Session

from pipeline.cassandra.client import cluster
from pipeline.cassandra.migrations import SCHEMA_DIR, migrate
from pipeline.contracts.errors import StoreError
from pipeline.contracts.settings import CassandraSettings

FILES = sorted(file.stem for file in SCHEMA_DIR.glob("*.cql"))
SECOND = """-- Adds; a comment; with semicolons;
CREATE TABLE IF NOT EXISTS moods (
    name text PRIMARY KEY, -- at the end of a line
    note text
);

INSERT INTO moods (name, note) VALUES ('calm', 'a;b');
"""


@pytest.fixture(scope="module")
def session(cassandra_settings: CassandraSettings) -> Iterator[Session]:
    """A session without a keyspace."""
    client = cluster(cassandra_settings)
    yield client.connect()
    client.shutdown()


@pytest.fixture
def fresh(cassandra_settings: CassandraSettings, request: pytest.FixtureRequest) -> CassandraSettings:
    """A keyspace of this test's own, not made yet."""
    number = abs(hash(request.node.name)) % 10**6
    return cassandra_settings.model_copy(update={"keyspace": f"{cassandra_settings.keyspace[:40]}_{number}"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the schema's files."""
    return Path(shutil.copytree(SCHEMA_DIR, tmp_path / "schema"))


def applied(session: Session, settings: CassandraSettings) -> dict[str, object]:
    """Which files were run, and when."""
    rows = session.execute(f"SELECT name, applied_at FROM {settings.keyspace}.schema_migrations")
    return {row.name: row.applied_at for row in rows}


def tables(session: Session, settings: CassandraSettings) -> set[str]:
    """The tables of a keyspace."""
    rows = session.execute("SELECT table_name FROM system_schema.tables WHERE keyspace_name = %s", (settings.keyspace,))
    return {row.table_name for row in rows}


def test_each_file_is_run_once(session: Session, fresh: CassandraSettings, folder: Path) -> None:
    assert migrate(fresh, folder) == FILES
    assert migrate(fresh, folder) == []
    first = applied(session, fresh)
    assert sorted(first) == FILES
    assert tables(session, fresh) >= {"videos", "results", "ledger", "schema_migrations"}

    (folder / "9999_moods.cql").write_text(SECOND)
    (folder / "notes.cql").write_text("this is not run;\n")
    assert migrate(fresh, folder) == ["9999_moods"]
    assert migrate(fresh, folder) == []
    assert {name: at for name, at in applied(session, fresh).items() if name in first} == first
    (row,) = session.execute(f"SELECT name, note FROM {fresh.keyspace}.moods")
    assert tuple(row) == ("calm", "a;b")

    before = tables(session, fresh)
    with pytest.raises(StoreError, match=r"newer version .*9999_moods"):
        migrate(fresh)
    assert (sorted(applied(session, fresh)), tables(session, fresh)) == ([*FILES, "9999_moods"], before)


def test_a_migration_that_was_interrupted_continues(session: Session, fresh: CassandraSettings, folder: Path) -> None:
    second = folder / "9999_moods.cql"
    second.write_text(SECOND + "\nCREATE TABLE moods_of (a oddity PRIMARY KEY);\n")
    with pytest.raises(StoreError, match="oddity"):
        migrate(fresh, folder)
    assert sorted(applied(session, fresh)) == FILES
    second.write_text(SECOND)
    assert migrate(fresh, folder) == ["9999_moods"]
    assert sorted(applied(session, fresh)) == [*FILES, "9999_moods"]
