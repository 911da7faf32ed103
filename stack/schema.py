"""Owns the one step between the servers and our services: it makes the topics and migrates the schema."""

import logging
import sys

from pipeline.cassandra.migrations import migrate
from pipeline.contracts.settings import CassandraSettings, KafkaSettings
from pipeline.kafka.topics import create_topics


def main() -> int:
    """Make what is missing; harmless when nothing is."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    log = logging.getLogger("stack.schema")
    log.setLevel(logging.INFO)
    create_topics(KafkaSettings())
    log.info("topics are there")
    applied = migrate(CassandraSettings())
    log.info("schema is up to date; applied now: %s", ", ".join(applied) or "nothing")
    return 0


if __name__ == "__main__":
    sys.exit(main())
