"""Owns trying a frame alone: in a process of its own, with a time limit, so that only that process can end."""

import contextlib
import multiprocessing as mp
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection

from inference.analyzer import Analyzer
from pipeline.contracts.errors import FrameFatal
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import FrameResult, TaskName

LOAD_SECONDS = 300.0
END_SECONDS = 5.0


class Alone:
    """One child process that analyses a frame at a time; made on first use and anew when a frame has ended it.

    `open_analyzer` is called in the child and has to be picklable. `seconds` is the limit for a frame.
    """

    def __init__(self, open_analyzer: Callable[[], Analyzer], seconds: float) -> None:
        self._open = open_analyzer
        self._seconds = seconds
        self._child: tuple[mp.process.BaseProcess, Connection] | None = None

    def analyze(self, frame: Frame) -> tuple[FrameResult, ...]:
        """The frame's results; raises FrameFatal when it ended or hung the child."""
        _, pipe = self._child = self._child or self._start()
        try:
            pipe.send(frame.models)
            self._answer(LOAD_SECONDS, "its models were loaded")
            pipe.send(frame)
            results: tuple[FrameResult, ...] = self._answer(self._seconds, "it was analysed alone")
        except FrameFatal:
            self.close()
            raise
        return results

    def close(self) -> None:
        """End the child."""
        if self._child is None:
            return
        process, pipe = self._child
        self._child = None
        pipe.close()
        process.join(END_SECONDS if process.exitcode is None and not process.is_alive() else 0)
        process.kill()
        process.join(END_SECONDS)

    def _start(self) -> tuple[mp.process.BaseProcess, Connection]:
        context = mp.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._open), name="alone", daemon=True)
        process.start()
        theirs.close()
        return process, ours

    def _answer(self, seconds: float, doing: str) -> tuple[FrameResult, ...]:
        assert self._child is not None
        process, pipe = self._child
        try:
            if not pipe.poll(seconds):
                raise FrameFatal(f"the frame hung its worker: no answer within {seconds:g} s while {doing}")
            answer: tuple[FrameResult, ...] = pipe.recv()
            return answer
        except (EOFError, OSError) as e:
            process.join(END_SECONDS)
            raise FrameFatal(f"the frame ended its worker ({_how(process.exitcode)}) while {doing}") from e


def _how(status: int | None) -> str:
    if status is None:
        return "no status"
    return f"status {status}" if status >= 0 else signal.Signals(-status).name


def _serve(pipe: Connection, open_analyzer: Callable[[], Analyzer]) -> None:
    """The child: task names are answered with nothing once their models are loaded, frames with their results."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    analyzer = open_analyzer()
    with contextlib.suppress(EOFError, OSError):
        while True:
            asked = pipe.recv()
            if isinstance(asked, Frame):
                pipe.send(analyzer.analyze([asked])[0])
            else:
                analyzer.warm(sorted(asked, key=list(TaskName).index))
                pipe.send(())


def _end_with_parent() -> None:
    parent = mp.parent_process()
    if parent is not None:
        parent.join()
        signal.raise_signal(signal.SIGKILL)
