"""Owns MQTT brokers for tests: real Mosquittos on free ports, which can be killed and started again."""

import contextlib
import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from connectors.edge.brokers import BrokerSettings
from stack import mqtt
from stack.jars import CONF
from stack.ports import busy, free_ports
from tests.waiting import wait_until

MISSING = mqtt.missing()
"""Why there is none on this machine; empty where there is."""


@dataclass
class Mosquitto:
    """A broker with the project's own configuration; what it keeps outlives a kill."""

    folder: Path
    port: int = field(default_factory=lambda: free_ports(1)[0])
    users: dict[str, str] = field(default_factory=dict)
    """Passwords by name; without any, everybody is let in."""
    text: str = ""
    """Its configuration; else that of the local stack."""
    tls: bool = False
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"{'mqtts' if self.tls else 'mqtt'}://127.0.0.1:{self.port}"

    def settings(self, user: str = "") -> BrokerSettings:
        """As a client has them."""
        return BrokerSettings(url=self.url, user=user, password=self.users.get(user))

    def start(self) -> None:
        """Return once it listens."""
        command = shutil.which("mosquitto", path=os.pathsep.join((os.environ["PATH"], *mqtt.COMMAND_FOLDERS)))
        assert command is not None
        self._configure()
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([command, "-c", str(self.folder / "conf")], stdout=log, stderr=log)
        wait_until(lambda: busy(self.port))

    def kill(self) -> None:
        """End it with SIGKILL."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        """End it in order."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    def _configure(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        text = self.text or Template((CONF / "mosquitto.conf").read_text()).substitute(
            port=self.port, data=self.folder, user=getpass.getuser()
        )
        if self.users:
            passwords = self._passwords()
            text = text.replace("allow_anonymous true", f"allow_anonymous false\npassword_file {passwords}")
        (self.folder / "conf").write_text(text)

    def _passwords(self) -> Path:
        path = self.folder / "passwords"
        path.unlink(missing_ok=True)
        for name, password in self.users.items():
            created = [] if path.exists() else ["-c"]
            subprocess.run(["mosquitto_passwd", "-b", *created, path, name, password], check=True)
        return path


@contextlib.contextmanager
def broker(folder: Path, **more: object) -> Iterator[Mosquitto]:
    """A running broker, stopped at the end of the block."""
    running = Mosquitto(folder, **more)  # type: ignore[arg-type]
    running.start()
    try:
        yield running
    finally:
        running.stop()
