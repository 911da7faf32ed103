"""Owns the command `keys` of the local stack: the service's own, pointed at the Cassandra that runs here."""

import os
import sys
from collections.abc import Sequence

from pipeline.contracts.errors import StackError
from pipeline.contracts.settings import ROOT
from stack.running import running
from stack.settings import HOST, PREFIX, StackSettings

HOSTS, PORT = f"{PREFIX}CASSANDRA_HOSTS", f"{PREFIX}CASSANDRA_PORT"
NEEDS_NO_SERVER = ("-h", "--help")


def become_keys(settings: StackSettings, arguments: Sequence[str]) -> None:
    """Run it in place of this process; never returns but by StackError."""
    environment = os.environ | address(settings, arguments) | {"PYTHONPATH": str(ROOT)}
    os.execve(sys.executable, [sys.executable, "-m", "api.keys", *arguments], environment)


def address(settings: StackSettings, arguments: Sequence[str]) -> dict[str, str]:
    """The variables by which it finds the store. Raises StackError where none runs and none is named."""
    if HOSTS in os.environ or any(word in NEEDS_NO_SERVER for word in arguments):
        return {}
    found = running(settings, "cassandra")
    if found is None:
        raise StackError(f"Cassandra does not run here: start it with ./run.sh, or name another by {HOSTS}")
    return {HOSTS: HOST, PORT: str(found.cassandra_port)}
