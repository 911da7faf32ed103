"""Owns the process that makes tracks: started when some are owed, started again when it dies, ended with ingest."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence

from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.settings import ROOT
from pipeline.stores.tracks import TrackStore

COMMAND = (sys.executable, "-P", "-m", "tracking.main")
LOOK_SECONDS = 1.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before it is started again after it has died; twice as many each time that it dies young."""
YOUNG_SECONDS = 60.0
STOP_SECONDS = 10.0

logger = logging.getLogger(__name__)


class TrackingProcess:
    """Keeps a process for tracks while there is work: it shares no interpreter with what publishes frames.

    It ends by itself when nothing was owed for a while, and when its standard input closes, as it does with ingest.
    """

    def __init__(self, store: TrackStore, clock: Callable[[], float], command: Sequence[str] = COMMAND) -> None:
        self._store = store
        self._clock = clock
        self._command = command
        self._child: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._not_before = 0.0
        self._pause = FIRST_PAUSE
        self._stop = threading.Event()

    def run(self) -> None:
        """Look every second until `stop`; then the process ends too."""
        while not self._stop.wait(LOOK_SECONDS):
            try:
                self.look()
            except FramewiseError as e:
                logger.warning("tracks are put off: %s", e)
            except OSError as e:
                logger.warning("the process that makes tracks cannot be started: %s", e)
                self._not_before = self._clock() + LONGEST_PAUSE
        self._end()

    def stop(self) -> None:
        """End `run` soon."""
        self._stop.set()

    def look(self) -> None:
        """Start it if it is not there and something is owed. Raises StoreError and OSError."""
        if self._child is not None and self._child.poll() is None:
            return
        if self._child is not None:
            self._bury(self._child)
        if self._clock() >= self._not_before and self._store.owed(1):
            environment = os.environ | {"PYTHONPATH": str(ROOT)}
            self._child = subprocess.Popen(self._command, stdin=subprocess.PIPE, cwd=ROOT, env=environment)
            self._started_at = self._clock()

    def _bury(self, child: subprocess.Popen[bytes]) -> None:
        """One that ended well had nothing to do; another is not followed by the next at once."""
        self._child = None
        if child.stdin is not None:
            child.stdin.close()
        young = self._clock() - self._started_at < YOUNG_SECONDS
        if child.returncode == 0:
            self._pause = FIRST_PAUSE
            return
        logger.warning("the process that makes tracks has ended (%s); another goes on", child.returncode)
        self._not_before = self._clock() + self._pause
        self._pause = min(LONGEST_PAUSE, 2 * self._pause) if young else FIRST_PAUSE

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if child.stdin is not None:
            child.stdin.close()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
