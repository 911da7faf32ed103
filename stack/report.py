"""Owns what a person sees: the table of services, the addresses, the logs."""

import contextlib
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipeline.contracts.errors import StackError
from pipeline.identity import process_of
from pipeline.sandbox.confinement import read_confinement
from stack import workers
from stack.logs import follow, last_lines
from stack.processes import family, marked, memory
from stack.services import SERVICES, chosen
from stack.settings import HOST, StackSettings
from stack.state import ServiceState, ServiceStatus, StackState, read_state

NOT_READY = 3


def addresses(settings: StackSettings) -> list[tuple[str, str]]:
    """What is where, for a person."""
    names = tuple(service.name for service in chosen(settings))
    found = []
    if "api" in names:
        found += [("API", settings.api_url), ("API reference", f"{settings.api_url}/docs")]
    if "analysis" in names and settings.spark_ui_port:
        found.append(("Spark", f"http://{HOST}:{settings.spark_ui_port}"))
    if "kafka" in names:
        found.append(("Kafka", f"{HOST}:{settings.kafka_port}"))
    if "cassandra" in names:
        found.append(("Cassandra", f"{HOST}:{settings.cassandra_port}"))
    if "rtmp" in names:
        found.append(("RTMP", f"rtmp://{settings.rtmp_host}:{settings.rtmp_port}/live"))
    if "mqtt" in names:
        found.append(("MQTT", f"{HOST}:{settings.mqtt_port}"))
    return [*found, ("Logs", str(settings.log_dir))]


def show_addresses(settings: StackSettings, console: Console) -> None:
    """Print them, one a line."""
    for title, address in addresses(settings):
        console.print(f"  {title:<14} {address}", highlight=False, soft_wrap=True)
    show_missing(settings, console)


def show_status(settings: StackSettings, console: Console) -> int:
    """Print the table, and why services were started again.

    0 when every service is ready, 3 otherwise, as service managers do.
    """
    state = read_state(settings.state_file)
    running = state is not None and state.running
    table = Table("service", "state", "pid", "port", "memory", "uptime", "restarts")
    if state is not None:
        supervisor = ServiceStatus(ServiceState.READY, state.supervisor)
        for name, status in {"supervisor": supervisor, **state.services}.items():
            table.add_row(*_row(state, name, status, running))
    else:
        for service in (s for s in SERVICES if not s.doors):
            table.add_row(service.name, "stopped", "", "", "", "", "")
    console.print(table)
    for name, status in state.services.items() if state is not None else ():
        if status.failures:
            text = f"{name} was started again, {status.failures} in all; the last time it {status.reason}"
            console.print(text, markup=False, highlight=False, soft_wrap=True)
    show_missing(settings, console)
    if running and state is not None and "analysis" in state.services:
        console.print(f"workers: {workers.describe(settings)}", highlight=False, markup=False, soft_wrap=True)
    if running and state is not None and "ingest" in state.services:
        show_sandbox(settings, console)
    ready = running and state is not None and all(status.up for status in state.services.values())
    return 0 if ready else NOT_READY


def show_missing(settings: StackSettings, console: Console) -> None:
    """Print which services this machine cannot run, and how that is changed."""
    for service in SERVICES:
        if not service.doors and (reason := service.missing()) and not settings.services:
            console.print(f"{service.name} does not run here: {reason}", markup=False, highlight=False, soft_wrap=True)


def show_sandbox(settings: StackSettings, console: Console) -> None:
    """Print what ingest found to confine its decoders."""
    confinement = read_confinement(settings.data_dir) or "not known; ingest.log says why"
    console.print(f"decoding sandbox: {confinement}", highlight=False, markup=False, soft_wrap=True)


def _row(state: StackState, name: str, status: ServiceStatus, running: bool) -> list[str]:
    process = process_of(status.process)
    if process is None:
        shown = status.state if running else "done" if status.state is ServiceState.DONE else "stopped"
        return [name, str(shown), "", "", "", "", str(status.failures)]
    if name == "supervisor":
        own = [process]
    else:
        own = list({p.pid: p for p in [*family(status.process), *marked(state.token, name)]}.values())
    uptime = _duration(time.time() - process.create_time())
    ports = ", ".join(str(port) for port in status.ports if port)
    shown = str(status.state) if running else "orphaned"
    return [name, shown, str(process.pid), ports, f"{memory(own) / 2**20:,.0f} MB", uptime, str(status.failures)]


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "m"), (rest, "s"))
    return " ".join(f"{value}{unit}" for value, unit in parts if value)[:20] or "0s"


def show_logs(settings: StackSettings, console: Console, service: str, lines: int, keep: bool) -> int:
    """Print the ends of the logs, and with `keep` whatever follows. Raises StackError for an unknown service."""
    files = _log_files(settings)
    if service and service not in files:
        known = ", ".join(files) or "none yet"
        raise StackError(f"there is no log of {service}; there are: {known}")
    chosen = {service: files[service]} if service else files
    for name, path in chosen.items():
        for line in last_lines(path, lines):
            _say(console, name, line, bool(service))
    if keep:
        with contextlib.suppress(KeyboardInterrupt):
            for name, line in follow(chosen):
                _say(console, name, line, bool(service))
    return 0


def _log_files(settings: StackSettings) -> dict[str, Path]:
    return {path.stem: path for path in sorted(settings.log_dir.glob("*.log"))}


def _say(console: Console, name: str, line: str, alone: bool) -> None:
    console.out(line if alone else f"{name:<10} | {line}", highlight=False)
