"""Owns speaking: sentences one after the other in a thread of their own; when too many wait, old ones go."""

import queue
import shutil
import sys
import threading
from collections.abc import Callable
from typing import Protocol

from framewise.errors import ExtraMissing, FramewiseError

MOST_WAITING = 3
START_SECONDS = 20.0
STOP_SECONDS = 5.0
INSTALL = "the system's speech is missing; on Debian or Ubuntu: apt install espeak-ng alsa-utils"
PLAYER = "aplay"
"""By which speech is heard on Linux. Without it nothing is, and nobody says so."""


class Voice(Protocol):
    """Says things aloud."""

    def say(self, sentence: str) -> None:
        """Return when it has been said."""


class SystemVoice:
    """The system's speech by pyttsx3; made in the thread that speaks."""

    def __init__(self) -> None:
        """Raises ExtraMissing without pyttsx3, FramewiseError where the system has no speech."""
        try:
            import pyttsx3
        except ImportError as e:
            raise ExtraMissing("speaking", "speech", e) from e
        if sys.platform == "linux" and shutil.which(PLAYER) is None:
            raise FramewiseError(f"{INSTALL} ({PLAYER} is not there)")
        try:
            self._engine = pyttsx3.init()
        except (OSError, RuntimeError, ImportError, ReferenceError) as e:
            raise FramewiseError(f"{INSTALL} ({e})") from e

    def say(self, sentence: str) -> None:
        self._engine.say(sentence)
        self._engine.runAndWait()


class Speaker:
    """Speaks without keeping anybody waiting."""

    def __init__(self, make_voice: Callable[[], Voice] = SystemVoice, most_waiting: int = MOST_WAITING) -> None:
        """Begin; raises what making the voice raises."""
        self._waiting: queue.Queue[str | None] = queue.Queue(most_waiting)
        self._ready = threading.Event()
        self._failure: FramewiseError | None = None
        self._thread = threading.Thread(target=self._run, args=(make_voice,), name="speech", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_SECONDS):
            raise FramewiseError(f"the system's speech did not begin within {START_SECONDS:g} s")
        if self._failure is not None:
            raise self._failure

    def say(self, sentence: str) -> None:
        """Have it said soon; what has waited longest goes when there is no room."""
        self._put(sentence)

    def close(self) -> None:
        """End after the sentence that is being said."""
        while not self._waiting.empty():
            self._forget_one()
        self._put(None)
        self._thread.join(STOP_SECONDS)

    def _put(self, sentence: str | None) -> None:
        while True:
            try:
                return self._waiting.put_nowait(sentence)
            except queue.Full:
                self._forget_one()

    def _forget_one(self) -> None:
        try:
            self._waiting.get_nowait()
        except queue.Empty:
            return

    def _run(self, make_voice: Callable[[], Voice]) -> None:
        try:
            voice = make_voice()
        except FramewiseError as e:
            self._failure = e
            return
        finally:
            self._ready.set()
        while (sentence := self._waiting.get()) is not None:
            voice.say(sentence)
