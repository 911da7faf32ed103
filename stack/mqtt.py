"""Owns the MQTT broker for cameras at the edge: Mosquitto, its configuration, and the sign that it is ready."""

import getpass
import os
import shutil
import socket
from string import Template

from pipeline.contracts.errors import StackError
from stack.jars import CONF
from stack.settings import HOST, StackSettings

INSTALL = "install it, on Debian or Ubuntu: apt install mosquitto"
COMMAND_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")
BROKER_VARIABLE = "FRAMEWISE_EDGE_BROKER_URL"
CONNECT = bytes.fromhex("101300044d5154540502000a0000066672616d6577")
"""An MQTT 5 CONNECT that asks for a clean session of ten seconds, as the client `framew`."""
CONNACK = 0x20


def missing() -> str:
    """Why the broker cannot run on this machine, and how that is changed; empty where it can."""
    return "" if _mosquitto() else f"mosquitto cannot be found; {INSTALL}"


def prepare(settings: StackSettings) -> None:
    """Write the configuration."""
    data = settings.data_dir / "mqtt"
    data.mkdir(parents=True, exist_ok=True)
    settings.conf_dir.mkdir(parents=True, exist_ok=True)
    text = Template((CONF / "mosquitto.conf").read_text()).substitute(
        port=settings.mqtt_port, data=data, user=getpass.getuser()
    )
    (settings.conf_dir / "mosquitto.conf").write_text(text)


def command(settings: StackSettings) -> list[str]:
    """The broker, as a process in the foreground. Raises StackError where it is not installed."""
    found = _mosquitto()
    if not found:
        raise StackError(missing())
    return [found, "-c", str(settings.conf_dir / "mosquitto.conf")]


def ready(settings: StackSettings) -> bool:
    """Whether it takes a connection as MQTT 5 wants it (OASIS, 3.1 and 3.2)."""
    return alive(settings, 4.0)


def alive(settings: StackSettings, seconds: float) -> bool:
    """The same, as a sign of life; raises OSError."""
    with socket.create_connection((HOST, settings.mqtt_port), timeout=seconds) as asking:
        asking.sendall(CONNECT)
        return asking.recv(4)[:1] == bytes([CONNACK])


def variables(settings: StackSettings) -> dict[str, str]:
    """Where the processor of pictures finds the broker: this one, unless another is named."""
    return {BROKER_VARIABLE: os.environ.get(BROKER_VARIABLE) or f"mqtt://{HOST}:{settings.mqtt_port}"}


def _mosquitto() -> str | None:
    return shutil.which("mosquitto") or shutil.which("mosquitto", path=os.pathsep.join(COMMAND_FOLDERS))
