"""Owns the agent's start and end: settings are read here, and the parts are joined here."""

import logging
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from connectors.edge.agent.arguments import read
from connectors.edge.agent.building import finder_of, source_of, spool_of, watcher_of
from connectors.edge.agent.capturing import Thinning
from connectors.edge.agent.looking import look_on
from connectors.edge.agent.sending import Sender
from connectors.edge.agent.settings import AgentSettings
from connectors.edge.agent.spool import Spool
from connectors.edge.agent.watching import Watcher
from connectors.edge.brokers import BrokerSettings
from connectors.edge.passing import Inlet
from connectors.edge.session import Session
from connectors.edge.topics import TopicTemplate
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.settings import PathSettings
from pipeline.ending import stop_on_signal
from pipeline.observing.logs import log_to_stdout
from pipeline.readiness import BEAT_SECONDS, beat, mark_ready, unmark_ready

SERVICE = "edge-agent"
REPORT_SECONDS = 60.0
LINGER_SECONDS, STOP_SECONDS = 30.0, 2.0
"""So long the end of a file, and a stop, wait for what is confirmed meanwhile; the next agent sends the rest."""
LOOK_SECONDS = 0.1

logger = logging.getLogger(__name__)


def main(given: Sequence[str] | None = None) -> int:
    """Run until the source is over, or SIGTERM or SIGINT; 1 where it cannot work, and says why."""
    log_to_stdout(SERVICE)
    try:
        settings, broker = read(sys.argv[1:] if given is None else given)
        _run(settings, broker, PathSettings(), stop_on_signal())
    except FramewiseError as e:
        logger.critical("%s", e)
        return 1
    return 0


def _run(settings: AgentSettings, broker: BrokerSettings, paths: PathSettings, halt: threading.Event) -> None:
    source, spool = source_of(settings), spool_of(settings, paths)
    watcher = watcher_of(settings, finder_of(settings, paths), spool)
    with _sending(settings, broker, spool) as sender:
        beaten = 0.0

        def seen() -> None:
            nonlocal beaten
            if time.monotonic() - beaten >= BEAT_SECONDS:
                if not beaten:
                    mark_ready(paths.data_dir, SERVICE)
                    logger.info("ready, looking at %s as %s/%s", source.name, settings.site, settings.camera)
                beaten = time.monotonic()
                beat(paths.data_dir, SERVICE)

        try:
            with _reporting(watcher, sender, spool, halt):
                look_on(source, watcher, Thinning(settings.fps), halt, seen)
            _linger(spool, STOP_SECONDS if halt.is_set() else LINGER_SECONDS, halt)
        finally:
            unmark_ready(paths.data_dir, SERVICE)
            logger.info("the end: %s", _report(watcher, sender, spool))


@contextmanager
def _sending(settings: AgentSettings, broker: BrokerSettings, spool: Spool) -> Iterator[Sender]:
    """A sender at work, over a connection of its own."""
    sender = Sender(spool, settings.confirm)
    confirmations = TopicTemplate(settings.stored_topic).of(settings.site, settings.camera)
    inlet = Inlet((confirmations,), sender.confirmed) if settings.confirm == "stored" else None
    session = Session(broker, f"framewise-agent-{settings.site}-{settings.camera}", inlet)
    over = threading.Event()
    thread = threading.Thread(target=sender.run, args=(session, over), name="sender", daemon=True)
    session.start()
    thread.start()
    try:
        yield sender
    finally:
        over.set()
        thread.join(STOP_SECONDS)
        session.stop()


@contextmanager
def _reporting(watcher: Watcher, sender: Sender, spool: Spool, halt: threading.Event) -> Iterator[None]:
    """Say every minute what was done."""
    over = threading.Event()

    def say() -> None:
        while not over.wait(REPORT_SECONDS):
            logger.info("%s", _report(watcher, sender, spool))

    threading.Thread(target=say, name="report", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _report(watcher: Watcher, sender: Sender, spool: Spool) -> str:
    counts = watcher.counts
    return (
        f"{counts.frames} frames, {counts.found} findings of {watcher.tracks} tracks, {counts.crops} crops kept, "
        f"{sender.confirmed_crops} confirmed, {len(spool)} wait, {spool.given_up + counts.lost} lost"
    )


def _linger(spool: Spool, seconds: float, halt: threading.Event) -> None:
    """Wait until the far end has confirmed all, but no longer."""
    until = time.monotonic() + seconds
    stopped = halt.is_set()
    while len(spool) and time.monotonic() < until and (stopped or not halt.is_set()):
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
