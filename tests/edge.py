"""Owns the processes of the edge for tests: forwarder and processor between two brokers, killed and started at will."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from connectors.edge.brokers import BrokerSettings
from pipeline.contracts.settings import ROOT
from pipeline.readiness import ready_file
from tests.waiting import wait_until


@dataclass
class Door:
    """One process of the edge, with a data folder of its own."""

    module: str
    service: str
    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What it has said."""
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    @property
    def ready(self) -> bool:
        """Whether it says so."""
        return ready_file(self.folder, self.service).exists()

    def start(self) -> None:
        """Begin, without waiting for anything."""
        self.folder.mkdir(parents=True, exist_ok=True)
        ready_file(self.folder, self.service).unlink(missing_ok=True)
        own = {k: v for k, v in os.environ.items() if not k.startswith("FRAMEWISE_")}
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        environment = {**own, "PYTHONPATH": path, "FRAMEWISE_DATA_DIR": str(self.folder), **self.variables}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module, *self.arguments], env=environment, cwd=ROOT, stdout=log, stderr=log
            )

    def run(self) -> None:
        """Begin, and wait until it is ready."""
        self.start()
        wait_until(lambda: self.ready or self._ended())
        assert not self._ended(), self.log

    def kill(self) -> None:
        """End it with SIGKILL."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int | None:
        """End it in order; its code."""
        if self.process is None or self._ended():
            return None
        self.process.terminate()
        return self.process.wait(20)

    def _ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None


def forwarder(folder: Path, local: BrokerSettings, cloud: BrokerSettings, **more: str) -> Door:
    """The forwarder between two brokers; `more` are further variables."""
    variables = {
        **_broker("FRAMEWISE_FORWARDER_LOCAL_", local),
        **_broker("FRAMEWISE_FORWARDER_CLOUD_", cloud),
        "FRAMEWISE_FORWARDER_NAME": "test",
        **more,
    }
    return Door("connectors.edge.forwarder.main", "forwarder", folder, variables)


def processor(folder: Path, broker: BrokerSettings, store: str, **more: str) -> Door:
    """The processor, which only stores where `more` names no tasks."""
    variables = {
        **_broker("FRAMEWISE_EDGE_BROKER_", broker),
        "FRAMEWISE_EDGE_STORE": store,
        "FRAMEWISE_EDGE_TASKS": "",
        **more,
    }
    return Door("connectors.edge.processor.main", "edge", folder, variables)


def _broker(prefix: str, settings: BrokerSettings) -> dict[str, str]:
    password = settings.password.get_secret_value() if settings.password else ""
    named = {"URL": settings.url, "USER": settings.user, "PASSWORD": password}
    named |= {"CA_FILE": str(settings.ca_file or "")}
    return {f"{prefix}{name}": value for name, value in named.items() if value}
