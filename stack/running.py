"""Owns the question whether the stack runs, and how its servers are then reached."""

from pipeline.contracts.settings import CassandraSettings, KafkaSettings
from stack.settings import HOST, PREFIX, StackSettings
from stack.state import read_state

PORTS = ("kafka_port", "cassandra_port")


def running(settings: StackSettings, *services: str) -> StackSettings | None:
    """The settings with the ports under which these services run now; None unless all of them are up."""
    state = read_state(settings.state_file)
    if state is None or not state.running:
        return None
    if not all(name in state.services and state.services[name].up for name in services):
        return None
    return settings.model_copy(update={name: int(state.settings[PREFIX + name.upper()]) for name in PORTS})


def kafka_of(settings: StackSettings) -> KafkaSettings:
    """How the stack's broker is reached."""
    return KafkaSettings(kafka_bootstrap=f"{HOST}:{settings.kafka_port}")


def cassandra_of(settings: StackSettings, keyspace: str) -> CassandraSettings:
    """How the stack's store is reached."""
    return CassandraSettings(cassandra_hosts=HOST, cassandra_port=settings.cassandra_port, keyspace=keyspace)
