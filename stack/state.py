"""Owns the state file: what runs, as the supervisor last wrote it."""

import json
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from pipeline.identity import Identity, process_of


class ServiceState(StrEnum):
    """The states of a service."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    DONE = "done"
    RESTARTING = "restarting"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """One service. `failures` counts ends that nobody asked for; `reason` tells of the last one."""

    state: ServiceState = ServiceState.WAITING
    process: Identity | None = None
    ports: tuple[int, ...] = ()
    failures: int = 0
    reason: str = ""
    seconds: float = 0.0

    @property
    def up(self) -> bool:
        """Whether nothing more is to be waited for."""
        return self.state in (ServiceState.READY, ServiceState.DONE)


@dataclass(frozen=True, slots=True)
class StackState:
    """One start of the stack: its supervisor, the mark of its processes, its settings, its services."""

    supervisor: Identity
    token: str
    settings: dict[str, str]
    services: dict[str, ServiceStatus] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        """Whether the supervisor lives."""
        return process_of(self.supervisor) is not None

    def with_service(self, name: str, **changes: Any) -> "StackState":
        """The same with one service changed."""
        return replace(self, services=self.services | {name: replace(self.services[name], **changes)})


def write_state(path: Path, state: StackState) -> None:
    """Replace the file in one step; only its owner may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(asdict(state), indent=1), encoding="utf-8")
    part.replace(path)


def read_state(path: Path) -> StackState | None:
    """The state, or None where there is none that can be read."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        services = {name: _service(value) for name, value in data["services"].items()}
        return StackState(Identity(**data["supervisor"]), data["token"], data["settings"], services)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _service(data: dict[str, Any]) -> ServiceStatus:
    process = Identity(**data["process"]) if data["process"] else None
    return ServiceStatus(
        ServiceState(data["state"]),
        process,
        tuple(data["ports"]),
        data["failures"],
        data["reason"],
        data["seconds"],
    )
