"""Owns the schema: makes the keyspace and runs each numbered CQL file once."""

from pathlib import Path

from cassandra.cluster import Session

from pipeline.cassandra.client import cluster, store_errors
from pipeline.contracts.errors import StoreError
from pipeline.contracts.settings import CassandraSettings

SCHEMA_DIR = Path(__file__).parent / "schema"


def statements(text: str) -> list[str]:
    """The statements of a CQL file, without comments."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";\n") if part.strip(" \n;")]


def migrate(settings: CassandraSettings, folder: Path = SCHEMA_DIR) -> list[str]:
    """Bring the keyspace to the newest schema; returns the names of the files that were run.

    Each statement may be run again, so a migration that was interrupted continues. Raises StoreError when a file
    that has been applied is gone: the code is older than the schema.
    """
    files = sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.cql"))
    client = cluster(settings)
    client.schema_metadata_enabled = False  # each statement would have the whole schema read anew
    try:
        with store_errors():
            session = client.connect()
            _prepare_keyspace(session, settings)
            applied = {row.name for row in session.execute("SELECT name FROM schema_migrations")}
            unknown = applied - {file.stem for file in files}
            if unknown:
                raise StoreError(f"the keyspace was migrated by a newer version ({', '.join(sorted(unknown))})")
            pending = [file for file in files if file.stem not in applied]
            for file in pending:
                _run(session, file)
            return [file.stem for file in pending]
    finally:
        client.shutdown()


def _prepare_keyspace(session: Session, settings: CassandraSettings) -> None:
    replication = (
        f"{{'class': 'NetworkTopologyStrategy', '{settings.cassandra_datacenter}': {settings.cassandra_replication}}}"
    )
    session.execute(f"CREATE KEYSPACE IF NOT EXISTS {settings.keyspace} WITH replication = {replication}", timeout=60)
    session.set_keyspace(settings.keyspace)
    session.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, applied_at timestamp)", timeout=60
    )


def _run(session: Session, file: Path) -> None:
    for statement in statements(file.read_text()):
        session.execute(statement, timeout=60)
    session.execute(
        "INSERT INTO schema_migrations (name, applied_at) VALUES (%s, toTimestamp(now()))", (file.stem,), timeout=60
    )
