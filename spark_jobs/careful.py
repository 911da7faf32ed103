"""Owns analysing a batch so that a frame which ends or hangs the process is found, tried alone and told apart."""

import contextlib
import faulthandler
import logging
import sys
from collections.abc import Callable, Iterator, Sequence

from inference.analyzer import Analyzer
from pipeline.contracts.errors import FrameFatal
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import FrameResult, ModelInfo, TaskName
from spark_jobs.alone import Alone
from spark_jobs.in_flight import InFlight, Place

log = logging.getLogger(__name__)

Answer = tuple[FrameResult, ...] | FrameFatal


class CarefulAnalyzer:
    """An analyzer that survives its frames. For one thread.

    A batch that ends this process leaves its places behind (`InFlight`). The process that is given them next tries
    each of these frames alone, in a child; all others are analysed together as ever. A batch that shows no progress
    for `hang_seconds` ends this process itself.
    """

    def __init__(
        self,
        analyzer: Analyzer,
        in_flight: InFlight,
        alone: Alone,
        hang_seconds: float,
        tell: Callable[[Sequence[ModelInfo]], None] = lambda _: None,
    ) -> None:
        """`tell` hears of models that a batch has had loaded, once of each."""
        self._tell = tell
        self._told: set[TaskName] = set()
        self._analyzer = analyzer
        self._in_flight = in_flight
        self._alone = alone
        self._hang_seconds = hang_seconds
        self._suspects: set[Place] = set()

    def begin(self) -> None:
        """A task begins: learn what others had in work when they ended."""
        self._suspects = self._in_flight.suspects()

    def analyze(self, frames: Sequence[tuple[Place, Frame]]) -> list[Answer]:
        """For each frame, in order, its results, or why it must not be analysed."""
        usual = [(place, frame) for place, frame in frames if place not in self._suspects]
        tried = self._try_alone([(place, frame) for place, frame in frames if place in self._suspects])
        together = iter(self._together(usual))
        return [tried[place] if place in tried else next(together) for place, _ in frames]

    def _together(self, frames: Sequence[tuple[Place, Frame]]) -> list[tuple[FrameResult, ...]]:
        # Loading may take minutes when weights are fetched: that is no hang.
        loaded = self._analyzer.warm({name for _, frame in frames for name in frame.models})
        if unheard := [model for model in loaded if model.task not in self._told]:
            self._tell(unheard)
            self._told |= {model.task for model in unheard}
        with self._watched([place for place, _ in frames]):
            return self._analyzer.analyze([frame for _, frame in frames], self._beat)

    def _try_alone(self, frames: Sequence[tuple[Place, Frame]]) -> dict[Place, Answer]:
        answers: dict[Place, Answer] = {}
        if not frames:
            return answers
        log.warning("a worker ended with %d of these frames in work: each is tried alone", len(frames))
        try:
            for place, frame in frames:
                try:
                    answers[place] = self._alone.analyze(frame)
                except FrameFatal as e:
                    log.warning("video %s, frame %d: %s", frame.video_id, frame.frame_number, e)
                    answers[place] = e
        finally:
            self._alone.close()
        self._in_flight.clear([place for place, answer in answers.items() if not isinstance(answer, FrameFatal)])
        return answers

    @contextlib.contextmanager
    def _watched(self, places: Sequence[Place]) -> Iterator[None]:
        self._in_flight.hold(places)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            self._in_flight.release()

    def _beat(self) -> None:
        """There is progress. The clock that runs from here needs no interpreter, which may hang in native code."""
        self._in_flight.beat()
        faulthandler.dump_traceback_later(self._hang_seconds, exit=True, file=sys.__stderr__ or sys.stderr)
