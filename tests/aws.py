"""Owns AWS for tests: moto's server as a real process on a free port, with SQS, S3 and DynamoDB."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3

from stack.ports import free_ports
from tests.waiting import wait_until

REGION = "eu-central-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": REGION}
"""The server takes any; a door or ingest that a test starts gets them by its environment."""


@dataclass(frozen=True, slots=True)
class Aws:
    """The running server; `url` is the endpoint of all services."""

    url: str

    def client(self, service: str) -> Any:
        """A boto3 client of a service, such as `sqs`; close it."""
        return self._session().client(service, endpoint_url=self.url)

    def table(self, name: str) -> Any:
        """A table of DynamoDB, in Python's own types."""
        return self._session().resource("dynamodb", endpoint_url=self.url).Table(name)

    def _session(self) -> Any:
        return boto3.Session(CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"], region_name=REGION)


@contextlib.contextmanager
def serving_aws(host: str = "127.0.0.1") -> Iterator[Aws]:
    """The server until the end of the block; it keeps everything in memory."""
    port = free_ports(1)[0]
    command = [sys.executable, "-m", "moto.server", "-H", host, "-p", str(port)]
    server = subprocess.Popen(
        command, env={**os.environ, **CREDENTIALS}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: _listens(host, port) or server.poll() is not None)
        assert server.poll() is None, "moto's server has ended"
        yield Aws(f"http://{host}:{port}")
    finally:
        server.terminate()
        server.wait(10)


def _listens(host: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0
