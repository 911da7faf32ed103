"""Owns the way out for what FFmpeg would dial: it dials a port of this machine; the relay dials what was checked."""

import logging
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from ingest.halt import Halt
from pipeline.contracts.errors import SourceRefused, SourceUnreachable
from pipeline.outbound.guard import Destination

CONNECT_SECONDS = 10.0
STALL_SECONDS = 30.0
LISTEN = 0.2
READ = 1 << 16
logger = logging.getLogger(__name__)

Filter = Callable[[bytes], bytes]
"""What of the server's bytes is passed on by now; raises SourceRefused."""


class Relay:
    """A port that takes one connection and joins it with one checked address. Threads end with the context."""

    def __init__(self, destination: Destination, encrypted: bool, passing: Filter, halt: Halt) -> None:
        self._destination = destination
        self._encrypted = encrypted
        self._passing = passing
        self._halt = halt
        self._done = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1)
        self._listener.settimeout(LISTEN)
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self.failure: SourceRefused | SourceUnreachable | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    @contextmanager
    def open(self) -> Iterator["Relay"]:
        """Dial, then listen; raises SourceUnreachable when nobody answers at the address."""
        with self._listener, self._dialled() as server:
            self._server = server
            self._thread.start()
            try:
                yield self
            finally:
                self._done.set()
                self._thread.join()

    def _dialled(self) -> socket.socket:
        server = dial(self._destination)
        if not self._encrypted:
            return server
        try:
            return ssl.create_default_context().wrap_socket(server, server_hostname=self._destination.host)
        except (OSError, ssl.SSLError) as e:
            server.close()
            raise SourceUnreachable(f"{self._destination.host} does not speak TLS as it should") from e

    def _run(self) -> None:
        try:
            if (client := self._accepted()) is not None:
                with client:
                    self._join(client, self._server)
        except (SourceRefused, SourceUnreachable) as e:
            self.failure = e
        except OSError as e:
            logger.debug("a relay ended: %s", e)

    def _accepted(self) -> socket.socket | None:
        while not self._over:
            with suppress(TimeoutError):
                client, _ = self._listener.accept()
                client.settimeout(STALL_SECONDS)
                return client
        return None

    @property
    def _over(self) -> bool:
        return self._done.is_set() or self._halt.is_set

    def _join(self, client: socket.socket, server: socket.socket) -> None:
        """Pass bytes both ways until one side ends; what is slow to read holds the other back."""
        while not self._over:
            ready = [server] if _pending(server) else select.select([client, server], [], [], LISTEN)[0]
            if server in ready:
                if not (data := server.recv(READ)):
                    return
                client.sendall(self._passing(data))
            if client in ready:
                if not (data := client.recv(READ)):
                    return
                server.sendall(data)


def _pending(server: socket.socket) -> bool:
    return isinstance(server, ssl.SSLSocket) and server.pending() > 0


def dial(destination: Destination) -> socket.socket:
    """A connection to one of the checked addresses; raises SourceUnreachable."""
    for address in destination.addresses:
        with suppress(OSError):
            server = socket.create_connection((address, destination.port), CONNECT_SECONDS)
            server.settimeout(STALL_SECONDS)
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return server
    raise SourceUnreachable(f"nobody answers at {destination.host}, port {destination.port}")
