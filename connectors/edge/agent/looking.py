"""Owns keeping on looking: a source is dialled again when it ends, with growing pauses, until somebody says halt."""

import logging
import random
from collections.abc import Callable
from threading import Event

from connectors.edge.agent.capturing import Source, Thinning
from connectors.edge.agent.watching import Watcher
from pipeline.contracts.errors import ModelFailed, SourceError

PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds after which a source is dialled again; the last one from then on."""
FAILURES = 20
"""Frames in a row on which the model fails, before the agent gives up."""

logger = logging.getLogger(__name__)


def look_on(source: Source, watcher: Watcher, thinning: Thinning, halt: Event, seen: Callable[[], None]) -> None:
    """Look at the source until it is over, or `halt` is set. `seen` is called after each frame.

    Raises SourceError or MediaError of a source that is dialled once only, and ModelFailed when the model goes on
    failing.
    """
    tries = 0
    while not halt.is_set():
        before = watcher.counts.frames
        try:
            _connection(source, watcher, thinning, halt, seen)
        except SourceError as e:
            if not source.lasting:
                raise
            logger.warning("%s; trying again", e)
        finally:
            watcher.finish()
        if not source.lasting:
            return
        tries = 0 if watcher.counts.frames > before else tries + 1
        halt.wait(PAUSES[min(tries, len(PAUSES) - 1)] * random.uniform(0.8, 1.2))  # noqa: S311 - no secret


def _connection(source: Source, watcher: Watcher, thinning: Thinning, halt: Event, seen: Callable[[], None]) -> None:
    failed = 0
    for frame in source.frames(halt):
        if thinning.wants(frame.captured_at):
            failed = 0 if watcher.look(frame) else failed + 1
            if failed >= FAILURES:
                raise ModelFailed(f"the model has failed on {failed} frames in a row; the log says why")
            seen()
