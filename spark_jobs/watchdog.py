"""Owns ending worker processes that hang or are stopped: Spark would wait for them for ever."""

import contextlib
import logging
import signal
import socket
import threading
import time
from pathlib import Path

import psutil

from pipeline.identity import Identity, process_of
from spark_jobs.in_flight import BEAT_SECONDS, read_all

MARGIN_SECONDS = 5.0
"""A worker that hangs ends itself first, if it still can."""
KEPT_SECONDS = 48 * 3600.0
"""Longer than a topic keeps its records: after that no suspect can come again."""

log = logging.getLogger(__name__)


class Watchdog:
    """A thread that kills worker processes of this machine whose heartbeat has stopped; `stop` ends it.

    Spark waits for such a worker for ever; a killed one is replaced, and what it held is tried alone.
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder = folder
        self._seconds = seconds
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._done.set()

    def _run(self) -> None:
        last = time.monotonic()
        while not self._done.wait(BEAT_SECONDS):
            # A machine that slept has stopped every heart, ours too: all get their time anew.
            slept, last = time.monotonic() - last > self._seconds / 2, time.monotonic()
            if not slept:
                self.look()

    def look(self) -> None:
        """Kill what hangs, and remove the files of ended processes that say nothing any more."""
        for file, held in read_all(self._folder):
            if held.host != socket.gethostname():
                continue
            try:
                silent = time.time() - file.stat().st_mtime
            except OSError:
                continue
            process = process_of(Identity(held.pid, held.started))
            if process is None:
                if not held.places or silent > KEPT_SECONDS:
                    file.unlink(missing_ok=True)
            elif silent > self._seconds:
                log.error(
                    "worker process %d has done nothing for %.0f s with %d records in work: killed",
                    held.pid,
                    silent,
                    len(held.places),
                )
                with contextlib.suppress(psutil.Error):
                    process.send_signal(signal.SIGKILL)
