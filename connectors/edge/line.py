"""Owns the thread that keeps a client of MQTT connected: with growing pauses, and reading only what there is room for.

A broker must hold back what a client has not acknowledged (Receive Maximum; MQTT 5, OASIS, 3.3.4). Mosquitto 2.0.11
does so only until the first acknowledgement. So we hold back ourselves: what is not read waits there, and answers go
on meanwhile.
"""

import random
import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from paho.mqtt.client import Client

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 20.0
STEADY_PAUSE = 1.0
"""A connection that was there is dialled again after this at first; what was refused waits ever longer."""
WAIT_SECONDS, ROOM_SECONDS = 1.0, 0.02
STOP_SECONDS = 3.0

HasRoom = Callable[[], bool]


class Line:
    """Runs a client for which host, port and callbacks are set already."""

    def __init__(self, client: Client, has_room: HasRoom, failed: Callable[[OSError], None]) -> None:
        """`has_room` is asked before each read; `failed` is told why a broker could not be reached."""
        self._client, self._has_room, self._failed = client, has_room, failed
        self._over = threading.Event()
        self._ear, self._mouth = socket.socketpair()
        for end in (self._ear, self._mouth):
            end.setblocking(False)
        client.on_socket_register_write = _leave_it  # else the library would write from whichever thread sends
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._pause = FIRST_PAUSE

    @property
    def alive(self) -> bool:
        """Whether its thread goes on."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye and end."""
        self._client.disconnect()
        self._over.set()
        self.wake()
        if self._thread.ident is not None:
            self._thread.join(STOP_SECONDS)
        self._ear.close()
        self._mouth.close()

    def wake(self) -> None:
        """Have written what was queued; for any thread."""
        with suppress(OSError):  # it is full of such wishes, or closed
            self._mouth.send(b"\0")

    def settled(self) -> None:
        """The broker has let us in: begin with short pauses next time."""
        self._pause = FIRST_PAUSE

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self._client.reconnect()
            except OSError as e:
                self._failed(e)
            else:
                self._attend()
            self._over.wait(self._pause * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
            self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _attend(self) -> None:
        """Read and write until the connection has ended."""
        while (line := self._client.socket()) is not None:
            room = self._has_room()
            readable, writable = self._ready(line, room)
            if readable and room:
                self._client.loop_read()
            if writable:
                self._client.loop_write()
            self._client.loop_misc()
            if self._over.is_set() and not self._client.want_write():
                return

    def _ready(self, line: Any, room: bool) -> tuple[bool, bool]:
        """Whether there is something to read, and whether something can be written; waits for either a little."""
        if room and getattr(line, "pending", int)():
            return True, self._client.want_write()
        wanted = [self._ear, line] if room else [self._ear]
        found, able, _ = select.select(
            wanted, [line] if self._client.want_write() else [], [], WAIT_SECONDS if room else ROOM_SECONDS
        )
        if self._ear in found:
            with suppress(BlockingIOError):
                self._ear.recv(4096)
        return line in found, line in able


def _leave_it(client: Client, data: Any, line: Any) -> None:
    """The line's thread finds by itself what is to be written."""
