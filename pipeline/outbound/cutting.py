"""Owns the end of requests that would not end: a server that sends a byte now and then is never silent for long."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

LOOK_SECONDS = 0.2
OPENED = ("connection.connect_tcp.complete", "connection.start_tls.complete")


@contextmanager
def cut_at(deadline: float, stopped: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    """Extensions for one httpx request, whose connections are cut at the deadline (monotonic seconds) or a stop."""
    connection = _Connection()
    done = threading.Event()
    watching = threading.Thread(target=_watch, args=(connection, deadline, stopped, done), name="cutting", daemon=True)
    watching.start()
    try:
        yield {"trace": connection.trace}
    finally:
        done.set()
        watching.join()


def _watch(connection: "_Connection", deadline: float, stopped: Callable[[], bool], done: threading.Event) -> None:
    while not done.wait(LOOK_SECONDS):
        if stopped() or time.monotonic() > deadline:
            connection.cut()


class _Connection:
    """The newest connection of a request and of its redirects, as httpcore's trace extension names it."""

    def __init__(self) -> None:
        self._stream: Any = None

    def trace(self, event: str, information: dict[str, Any]) -> None:
        """Take notice of an event."""
        if event in OPENED:
            self._stream = information["return_value"]

    def cut(self) -> None:
        """Shut it, so that whoever reads from it is told that it has ended."""
        opened = self._stream.get_extra_info("socket") if self._stream is not None else None
        if opened is not None:
            with suppress(OSError):
                socket.socket.shutdown(opened, socket.SHUT_RDWR)
