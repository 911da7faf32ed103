"""Owns the forwarder's settings: the two brokers, and which topics go from one to the other."""

import re
import socket
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from connectors.edge.brokers import BrokerSettings, BrokerUnusable, wrong
from connectors.edge.topics import FACES, NAME, STORED

PREFIX = "FRAMEWISE_FORWARDER_"
LOCAL, CLOUD = f"{PREFIX}LOCAL_", f"{PREFIX}CLOUD_"
"""Before the names of BrokerSettings: FRAMEWISE_FORWARDER_CLOUD_URL, …_USER, …_PASSWORD and so on."""


@dataclass(frozen=True, slots=True)
class Route:
    """What is subscribed to on one side, and the topic it gets on the other; empty: the same."""

    filter: str
    renamed: str = ""

    def topic(self, topic: str) -> str:
        """Where a message goes that came on this topic."""
        return self.renamed or topic

    def __str__(self) -> str:
        return f"{self.filter} as {self.renamed}" if self.renamed else self.filter


def _routes(value: Any) -> Any:
    """`framewise/+/+/faces,hw3facestx2=hw3faces` as routes."""
    if not isinstance(value, str):
        return value
    pairs = [part.strip().partition("=") for part in value.split(",") if part.strip()]
    for name, equals, renamed in pairs:
        if not name.strip() or (equals and not renamed.strip()) or set(renamed) & set("+#"):
            raise ValueError("write FILTER, or FILTER=TOPIC for another name, with commas between; TOPIC has no + or #")
    return tuple(Route(name.strip(), renamed.strip()) for name, _, renamed in pairs)


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "-", socket.gethostname())[:40].lstrip("_.-") or "forwarder"


Routes = Annotated[tuple[Route, ...], NoDecode, BeforeValidator(_routes)]


class ForwarderSettings(BaseSettings):
    """Which topics go to the cloud, which come back, and under which name the forwarder is known to both brokers."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    topics: Routes = Field((Route(FACES.filter),), min_length=1, description="to the cloud: FILTER or FILTER=TOPIC")
    confirmations: Routes = Field((Route(STORED.filter),), description="back to the edge, in the same form")
    name: str = Field(
        default_factory=_host,
        pattern=NAME,
        description="of its own for each, the same after a restart; else the host's",
    )
    await_listener: bool = Field(True, description="keep what nobody in the cloud has subscribed to yet")


def forwarder_settings() -> ForwarderSettings:
    """Those of the environment. Raises BrokerUnusable."""
    try:
        return ForwarderSettings()
    except ValidationError as e:
        raise wrong(PREFIX, e) from None


def check_no_circle(settings: ForwarderSettings, local: BrokerSettings, cloud: BrokerSettings) -> None:
    """Raise BrokerUnusable where what is sent would come back: one broker for both sides, without another name."""
    same = [str(route) for route in (*settings.topics, *settings.confirmations) if not route.renamed]
    if local.address == cloud.address and same:
        raise BrokerUnusable(f"{LOCAL}URL and {CLOUD}URL are one broker, so {', '.join(same)} would go in a circle")
