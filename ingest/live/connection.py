"""Owns one connection to a live source: the thread that brings packets, and the confined child that decodes them."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from ingest.decode.messages import DecodeRequest, Message
from ingest.decode.process import DecoderProcess, DecoderStalled
from ingest.decode.spawning import started_anew
from ingest.halt import Halt, HaltReason
from ingest.live.sources import LiveSource, StreamOver
from pipeline.contracts.errors import FramewiseError, MediaError, SourceUnreachable

CHILD = (sys.executable, "-P", "-m", "ingest.live.child")
JOIN_SECONDS = 5.0
LAST_WORDS_SECONDS = 1.0

Messages = AbstractContextManager[Iterator[Message]]
Connect = Callable[[LiveSource, DecodeRequest, float, Halt, Callable[[], None]], Messages]
"""Connects to a source. Seconds without a frame after which it is given up; what is called often meanwhile."""


class _Bringer:
    """A thread in which a source writes to a pipe; what it raised, if it did, is for the job's thread."""

    def __init__(self, source: LiveSource, descriptor: int, halt: Halt) -> None:
        self._source = source
        self._descriptor = descriptor
        self.halt = Halt()
        self.halt.bind(lambda: not halt.is_set)
        self.failure: Exception | None = None
        self.thread = threading.Thread(target=self._run, name="live-source", daemon=True)

    def _run(self) -> None:
        with suppress(BrokenPipeError), os.fdopen(self._descriptor, "wb", buffering=1 << 16) as pipe:
            try:
                self._source.stream(pipe, self.halt)
            except BrokenPipeError:
                pass
            except Exception as e:  # noqa: BLE001 - raised again where the job waits
                self.failure = e

    def stop(self) -> None:
        """End it, waiting a little."""
        self.halt.raise_flag(HaltReason.ENDED)
        self.thread.join(JOIN_SECONDS)

    def raise_failure(self, but: type[FramewiseError] | None = None) -> None:
        """Raise what the source raised, as an error of ours, unless it is of that kind."""
        self.thread.join(LAST_WORDS_SECONDS)
        failure = self.failure
        if failure is None or (but is not None and isinstance(failure, but)):
            return
        if isinstance(failure, FramewiseError):
            raise failure
        raise SourceUnreachable(f"the source broke: {type(failure).__name__}") from failure


@contextmanager
def connect(
    source: LiveSource, request: DecodeRequest, stall: float, halt: Halt, meanwhile: Callable[[], None]
) -> Iterator[Iterator[Message]]:
    """The messages of a confined child; nothing of the connection is left behind."""
    reading, writing = os.pipe()
    bringer = _Bringer(source, writing, halt)
    try:
        try:
            child = DecoderProcess(request, reading, stall, meanwhile, started_anew(CHILD))
        except BaseException:
            os.close(writing)
            raise
        finally:
            os.close(reading)
        with child:
            bringer.thread.start()
            yield _messages(child, bringer, stall)
    finally:
        if bringer.thread.ident is not None:
            bringer.stop()


def _messages(child: DecoderProcess, bringer: _Bringer, stall: float) -> Iterator[Message]:
    """What the child says. Why the source ended is told before what the child makes of it."""
    try:
        yield from child.messages()
    except DecoderStalled as e:
        raise SourceUnreachable(f"no frame for {stall:g} s") from e
    except MediaError:
        bringer.raise_failure(but=StreamOver)
        raise
    bringer.raise_failure()
