"""Owns what a worker says of the frames it has in work: whose they are, in the log and in spans."""

import logging
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from uuid import UUID

from pipeline.contracts.frames import Frame
from pipeline.observing.logs import about
from pipeline.observing.tracing import Attributes, is_tracing, span

KNOWN = 1000

log = logging.getLogger(__name__)

_seen: OrderedDict[tuple[UUID, int], None] = OrderedDict()
"""The attempts whose first frames this process has logged, the newest last; at most `KNOWN`."""


@contextmanager
def about_frames(doing: str, frames: Sequence[Frame]) -> Iterator[None]:
    """A span for each video that has frames here, in its own trace; log records are of the video if it is the only one.

    The first frames of an attempt that this process sees are logged, with the request that submitted it.
    """
    first = {(frame.video_id, frame.attempt): frame for frame in frames}
    for attempt, frame in first.items():
        _note(attempt, frame)
    with ExitStack() as here:
        if len(first) == 1:
            (frame,) = first.values()
            here.enter_context(about(frame.request_id, frame.video_id))
        if is_tracing():
            counts = Counter((frame.video_id, frame.attempt) for frame in frames)
            for attempt, frame in first.items():
                noted: Attributes = {"framewise.video_id": str(frame.video_id), "framewise.frames": counts[attempt]}
                here.enter_context(span(doing, frame.traceparent, "consumer", noted))
        yield


def _note(attempt: tuple[UUID, int], frame: Frame) -> None:
    if attempt in _seen:
        _seen.move_to_end(attempt)
        return
    _seen[attempt] = None
    if len(_seen) > KNOWN:
        _seen.popitem(last=False)
    with about(frame.request_id, frame.video_id):
        log.info("video %s: the first frames in this worker, from %d", frame.video_id, frame.frame_number)
