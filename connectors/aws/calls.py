"""Owns how AWS is called: clients that try again by themselves, and one error of ours for all of theirs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from connectors.aws.seams import AwsUnavailable

CONNECT_SECONDS, ANSWER_SECONDS, TRIES = 5, 30, 4


def client(service: str, region: str | None, endpoint: str | None, connections: int) -> Any:
    """A client; keys come as AWS's own tools find them. Raises AwsUnavailable where no region is named anywhere."""
    with asking(f"a client of {service}"):
        return boto3.client(
            service, region_name=region or None, endpoint_url=endpoint or None, config=_config(connections, endpoint)
        )


def _config(connections: int, endpoint: str | None) -> Config:
    """Other servers than AWS's need not have a host name a bucket."""
    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=ANSWER_SECONDS,
        retries={"mode": "standard", "total_max_attempts": TRIES},
        max_pool_connections=connections,
        s3={"addressing_style": "path" if endpoint else "auto"},
    )


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Whatever AWS or the way there says becomes AwsUnavailable, which says what was asked."""
    try:
        yield
    except (ClientError, BotoCoreError) as e:
        raise AwsUnavailable(f"{what}: {e}") from e


def code(error: ClientError) -> str:
    """The short name of what AWS says, such as AccessDenied."""
    return str(error.response.get("Error", {}).get("Code", ""))
