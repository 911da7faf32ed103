"""Owns the hosts of a trial cluster: network namespaces joined by a bridge; where not allowed, loopback's addresses."""

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from pipeline.contracts.settings import ROOT
from tests.processes import command_line

HERE = "here"
"""The host of whoever runs the trial: the API, ingest and Spark's application are on it."""
HIDDEN = tuple(str(ROOT / name) for name in ("api", "inference", "ingest", "models", "pipeline", "spark_jobs"))
"""What other hosts must not see of this one: our code has to come by Spark."""
SETUP = """
echo "$1" > /proc/sys/kernel/hostname; mount --bind "$2" /etc/hosts; hidden="$3"; shift 3
for folder in $hidden; do mount -t tmpfs none "$folder"; done
exec "$@"
"""
END_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Host:
    """A host: its address, a folder of its own, and what is put before a command so that it runs there."""

    name: str
    address: str
    folder: Path
    prefix: tuple[str, ...] = ()

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> psutil.Popen:
        """A process of the host; what it says is in `log(name)`."""
        with self.log(name).open("ab") as log:
            return psutil.Popen(
                [*self.prefix, *command], env=dict(environment), cwd=self.folder, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    def log(self, name: str) -> Path:
        """What a process has said."""
        return self.folder / f"{name}.log"


@dataclass
class Network:
    """The hosts by name; `apart` where each is a network namespace with a name and a view of the disk of its own."""

    hosts: dict[str, Host]
    apart: bool
    running: list[psutil.Popen] = field(default_factory=list)

    def start(self, host: str, name: str, command: Sequence[str], environment: Mapping[str, str]) -> psutil.Popen:
        """A process that ends with the network."""
        process = self.hosts[host].start(name, command, environment)
        self.running.append(process)
        return process

    def process(self, host: str, command: str) -> psutil.Process:
        """The process of a host of which the command says this. Raises LookupError."""
        folder = str(self.hosts[host].folder)
        for process in self.running:
            words = command_line(process)
            if command in words and folder in words:
                return process
        raise LookupError(f"{host} runs no {command}")

    def end(self) -> None:
        """End every process, the last one first, and what it started."""
        for process in reversed(self.running):
            end(process)


def end(process: psutil.Popen) -> None:
    """End a process and what it started, by force if it does not by itself."""
    with contextlib.suppress(psutil.NoSuchProcess):
        family = [process, *process.children(recursive=True)]
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
        _, alive = psutil.wait_procs(family, END_SECONDS)
        for one in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(alive, END_SECONDS)


@contextlib.contextmanager
def network(names: Sequence[str], folder: Path) -> Iterator[Network]:
    """Hosts of these names, each with a folder in `folder`; their processes end with the block."""
    places = {name: folder / name for name in (HERE, *names)}
    for place in places.values():
        place.mkdir(parents=True)
    with contextlib.ExitStack() as made:
        try:
            found = _namespaces(made, places, folder)
        except (OSError, subprocess.CalledProcessError):
            found = Network(
                {name: Host(name, f"127.0.0.{10 + n}", places[name]) for n, name in enumerate(places)}, False
            )
        try:
            yield found
        finally:
            found.end()


def _namespaces(made: contextlib.ExitStack, places: Mapping[str, Path], folder: Path) -> Network:
    number = os.getpid() % 10_000
    bridge, net = f"fwb{number}", f"10.87.{number % 250}"
    _ip("link", "add", bridge, "type", "bridge")
    made.callback(_ip, "link", "del", bridge)
    _ip("addr", "add", f"{net}.1/24", "dev", bridge)
    _ip("link", "set", bridge, "up")
    addresses = {name: f"{net}.{n + 1}" for n, name in enumerate(places)}
    names = folder / "hosts"
    names.write_text("127.0.0.1 localhost\n" + "".join(f"{ip} {name}\n" for name, ip in addresses.items()))
    hosts = {HERE: Host(HERE, addresses[HERE], places[HERE])}
    for name, place in places.items():
        if name != HERE:
            space = f"fw{number}-{name}"
            _join(made, space, f"fw{number}{name}"[:15], bridge, addresses[name])
            hidden = " ".join((*HIDDEN, str(places[HERE])))
            enter = (
                "ip",
                "netns",
                "exec",
                space,
                "unshare",
                "--uts",
                "sh",
                "-c",
                SETUP,
                "sh",
                name,
                str(names),
                hidden,
            )
            hosts[name] = Host(name, addresses[name], place, enter)
    return Network(hosts, True)


def _join(made: contextlib.ExitStack, space: str, cable: str, bridge: str, address: str) -> None:
    """A namespace with one cable to the bridge."""
    _ip("netns", "add", space)
    made.callback(_ip, "netns", "del", space)
    _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space)
    _ip("link", "set", cable, "master", bridge, "up")
    _ip("-n", space, "addr", "add", f"{address}/24", "dev", "eth0")
    _ip("-n", space, "link", "set", "eth0", "up")
    _ip("-n", space, "link", "set", "lo", "up")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)
