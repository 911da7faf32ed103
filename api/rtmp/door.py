"""Owns what the API has of the RTMP server, and what it tells publishers of it."""

from dataclasses import dataclass, field
from datetime import timedelta

from pipeline.contracts.settings import LOOPBACK, RtmpSettings
from pipeline.rtmp.server import InMemoryRtmpServer, RtmpServer
from pipeline.stores.publishers import InMemoryPublisherStore, PublisherStore


@dataclass(frozen=True, slots=True)
class RtmpDoor:
    """The server, who publishes there, and the secret by which its questions are known; without one none is answered.

    `idle_seconds` without a byte make room for another publisher; `wait` is how long one may take to come.
    """

    server: RtmpServer = field(default_factory=InMemoryRtmpServer)
    publishers: PublisherStore = field(default_factory=InMemoryPublisherStore)
    settings: RtmpSettings = field(default_factory=RtmpSettings)
    secret: str = ""
    wait: timedelta = timedelta(hours=1)
    idle_seconds: float = 3.0

    def address(self, asked_host: str | None) -> str:
        """What publishers are told, `rtmp://HOST:PORT/live`: as set, else the name by which the API was asked."""
        told = self.settings.rtmp_address
        if not told:
            local = self.settings.rtmp_host in LOOPBACK
            told = "127.0.0.1" if local or not asked_host else asked_host
            told = f"[{told}]" if ":" in told else told
        return f"rtmp://{told}{'' if _has_port(told) else f':{self.settings.rtmp_port}'}/live"


def _has_port(told: str) -> bool:
    return told.rpartition("]")[2].count(":") > 0
