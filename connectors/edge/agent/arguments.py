"""Owns the command line of the agent: each option stands for a setting, and goes before the environment's."""

import argparse
from collections.abc import Sequence
from urllib.parse import urlsplit

from pydantic import ValidationError

from connectors.edge.agent.settings import BROKER, PREFIX, AgentSettings
from connectors.edge.brokers import BrokerSettings, BrokerUnusable, wrong

DESCRIPTION = (
    "Looks at a camera, finds and follows faces (or other things), and sends the best few crops of each by MQTT. "
    f"Every option can also be set as {PREFIX}NAME; user and password of the broker only so: "
    f"{BROKER}USER and {BROKER}PASSWORD."
)


def read(given: Sequence[str]) -> tuple[AgentSettings, BrokerSettings]:
    """The settings of a command line. Raises BrokerUnusable that names what is wrong; ends for `--help`."""
    options = {name: value for name, value in vars(_parser().parse_args(given)).items() if value is not None}
    broker = {"url": options.pop("broker")} if "broker" in options else {}
    if _has_password(options.get("source", "")):
        raise BrokerUnusable(f"a password on the command line is seen by all: set {PREFIX}SOURCE instead of --source")
    try:
        settings = AgentSettings(**options)
    except ValidationError as e:
        raise wrong(PREFIX, e) from None
    try:
        return settings, BrokerSettings(_env_prefix=BROKER, **broker)
    except ValidationError as e:
        raise wrong(BROKER, e) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("framewise-edge", description=DESCRIPTION)
    parser.add_argument("--broker", metavar="URL", help="mqtt://HOST:PORT, or mqtts://HOST:PORT for TLS")
    for name in ("source", "site", "camera", "resolution", "fps", "model", "labels", "topic", "confirm"):
        said = AgentSettings.model_fields[name].description or ""
        parser.add_argument(f"--{name}", metavar=name.upper(), help=said.replace("%", "%%"))
    for name in ("recorded_at", "min_score", "min_pixels", "min_sharpness", "per_track"):
        said = AgentSettings.model_fields[name].description or ""
        parser.add_argument(f"--{name.replace('_', '-')}", metavar=name.upper(), help=said)
    parser.add_argument(
        "--fast", action="store_true", default=None, help=AgentSettings.model_fields["fast"].description
    )
    return parser


def _has_password(source: str) -> bool:
    return "://" in source and "@" in urlsplit(source).netloc
