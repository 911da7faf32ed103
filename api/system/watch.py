"""Owns looking at what the processes count, every few seconds and when somebody asks."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from api.system.window import Window
from pipeline.observing.process_counts import Counts, read_counts, shared_folder

EVERY_SECONDS = 10.0
WINDOW_SECONDS = 30.0
LEAST_SECONDS = 1.0
"""Two readings are at least so far apart, however many ask."""
NAMES = (
    "framewise_frames_total",
    "framewise_model_batch_",
    "framewise_process_",
    "framewise_gpu_",
    "framewise_workers",
    "framewise_failures_total",
    "framewise_dead_letters_total",
    "framewise_store_retries_total",
    "framewise_event_streams",
)

logger = logging.getLogger(__name__)


def _read() -> Counts:
    folder = shared_folder()
    return {} if folder is None else read_counts(folder, NAMES)


class SystemWatch:
    """The readings of the last half minute. Safe for threads; `start` keeps them fresh though nobody asks."""

    def __init__(self, read: Callable[[], Counts] = _read, clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._readings: deque[tuple[float, Counts]] = deque()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="system-watch", daemon=True)

    def start(self) -> None:
        """Look every few seconds; returns at once."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """End, waiting at most `seconds`."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def window(self) -> Window:
        """What was counted in the last half minute, or since the first look."""
        with self._lock:
            self._look()
            if not self._readings:
                return Window()
            (began, before), (ended, after) = self._readings[0], self._readings[-1]
            return Window(ended - began, before, after)

    def _run(self) -> None:
        while not self._stop.is_set():
            self.window()
            self._stop.wait(EVERY_SECONDS)

    def _look(self) -> None:
        now = self._clock()
        if self._readings and now - self._readings[-1][0] < LEAST_SECONDS:
            return
        try:
            self._readings.append((now, self._read()))
        except OSError as e:
            logger.warning("what the processes count cannot be read: %s", e)
        while len(self._readings) > 2 and now - self._readings[1][0] >= WINDOW_SECONDS:
            self._readings.popleft()
