"""Owns where a broker is and how one gets in: its address, user and password, and certificates."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.contracts.errors import FramewiseError

PORTS = {"mqtt": 1883, "mqtts": 8883}


class BrokerUnusable(FramewiseError):
    """What is set for a broker cannot work, such as a certificate that is not there."""

    type = "broker-unusable"
    title = "The broker cannot be used"


class BrokerSettings(BaseSettings):
    """One broker; each is read with a prefix of its own: `BrokerSettings(_env_prefix="FRAMEWISE_EDGE_BROKER_")`."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    url: str = Field("mqtt://127.0.0.1:1883", description="mqtt://HOST:PORT, or mqtts://HOST:PORT for TLS")
    user: str = Field("", description="the user, where the broker wants one")
    password: SecretStr | None = Field(None, description="the user's password; never shown, never logged")
    ca_file: Path | None = Field(None, description="whom to trust with mqtts; the system's authorities else")
    cert_file: Path | None = Field(None, description="the certificate by which this client is known, with its key")
    key_file: Path | None = Field(None, description="the key of `cert_file`, where it is a file of its own")

    @field_validator("url")
    @classmethod
    def _well_formed(cls, value: str) -> str:
        parts = urlsplit(value)
        if "@" in parts.netloc:
            raise ValueError("must not hold a user or password; they have settings of their own")
        if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError("must look like mqtt://HOST:PORT or mqtts://HOST:PORT")
        _port(parts)
        return value

    @property
    def address(self) -> "Address":
        """Where it listens."""
        parts = urlsplit(self.url)
        return Address(parts.hostname or "", _port(parts), parts.scheme == "mqtts")

    def tls(self) -> ssl.SSLContext | None:
        """What checks the broker's certificate and host name; None without TLS. Raises BrokerUnusable."""
        if not self.address.tls:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.cert_file is not None:
                context.load_cert_chain(self.cert_file, self.key_file)
        except OSError as e:
            raise BrokerUnusable(f"{self.url}: its certificate files cannot be read: {e}") from e
        return context


def broker_settings(prefix: str) -> BrokerSettings:
    """Those of the variables that begin so. Raises BrokerUnusable."""
    try:
        return BrokerSettings(_env_prefix=prefix)
    except ValidationError as e:
        raise wrong(prefix, e) from None


def wrong(prefix: str, error: ValidationError) -> BrokerUnusable:
    """Which variables are wrong, and why, without what they hold."""
    found = (f"{prefix}{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
    return BrokerUnusable("; ".join(found))


@dataclass(frozen=True, slots=True)
class Address:
    """A broker's place; as text for people."""

    host: str
    port: int
    tls: bool = False

    def __str__(self) -> str:
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"


def _port(parts: SplitResult) -> int:
    try:
        return parts.port or PORTS[parts.scheme]
    except ValueError as e:
        raise ValueError(f"must end with a port of 1 to 65535: {e}") from e
