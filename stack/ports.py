"""Owns the check that ports are free before anything starts."""

import errno
import socket

import psutil

from pipeline.contracts.errors import StackError
from stack.services import Service
from stack.settings import HOST, PREFIX, StackSettings


def busy(port: int) -> bool:
    """Whether a server cannot listen on this port of the loopback address. Raises StackError where it is forbidden."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError as e:
            if e.errno == errno.EADDRINUSE:
                return True
            raise StackError(f"port {port} cannot be used: {e.strerror}") from e
    return False


def owner(port: int) -> str:
    """Who listens on a port, in words; empty where the system does not say."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.Error:
        return ""
    for connection in connections:
        listening = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
        if listening and connection.pid:
            try:
                return f" by process {connection.pid} ({psutil.Process(connection.pid).name()})"
            except psutil.Error:
                return f" by process {connection.pid}"
    return ""


def check_free(settings: StackSettings, services: tuple[Service, ...]) -> None:
    """Raise StackError that names every busy port, its service, and the setting that moves it."""
    lines = []
    for service in services:
        for name in service.ports:
            port = int(getattr(settings, name))
            if port and busy(port):
                variable = PREFIX + name.upper()
                lines.append(f"port {port} ({service.name}) is in use{owner(port)}; stop it, or set {variable}")
    if lines:
        raise StackError("\n".join(lines))


def free_ports(count: int) -> list[int]:
    """Different ports that are free now."""
    probes = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((HOST, 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
