"""Owns the forwarder's start and end: settings are read here."""

import logging
import sys
import threading
import time

from connectors.edge.brokers import BrokerUnusable, broker_settings
from connectors.edge.forwarder.settings import (
    CLOUD,
    LOCAL,
    forwarder_settings,
)
from connectors.edge.forwarder.ways import Way, ways_of
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.settings import PathSettings
from pipeline.ending import stop_on_signal
from pipeline.observing.logs import log_to_stdout
from pipeline.readiness import BEAT_SECONDS, beat, mark_ready, unmark_ready

SERVICE = "forwarder"
REPORT_SECONDS = 60.0
LOOK_SECONDS = 0.1

logger = logging.getLogger(__name__)


def main() -> int:
    """Run until SIGTERM or SIGINT; 1 where the settings cannot work."""
    log_to_stdout(SERVICE)
    try:
        _run(ways_of(forwarder_settings(), broker_settings(LOCAL), broker_settings(CLOUD)), PathSettings())
    except FramewiseError as e:
        logger.critical("%s", e)
        return 1
    return 0


def _run(ways: list[Way], paths: PathSettings) -> None:
    stop = stop_on_signal()
    for way in ways:
        way.outlet.start()
        way.inlet.start()
    try:
        _go_round(ways, paths, stop)
        logger.info("stopping")
    finally:
        unmark_ready(paths.data_dir, SERVICE)
        for way in ways:
            way.inlet.stop()
            way.outlet.stop()


def _go_round(ways: list[Way], paths: PathSettings, stop: threading.Event) -> None:
    ready, beaten, reported = False, 0.0, time.monotonic()
    while not stop.wait(LOOK_SECONDS):
        now = time.monotonic()
        for way in ways:
            way.lane.ask()
        if not ready and all(way.ready for way in ways):
            ready = True
            mark_ready(paths.data_dir, SERVICE)
            logger.info("ready, between both brokers")
        if now - beaten >= BEAT_SECONDS:
            beaten = now
            _check_alive(ways)
            beat(paths.data_dir, SERVICE)
        if now - reported >= REPORT_SECONDS:
            reported = now
            _report(ways)


def _check_alive(ways: list[Way]) -> None:
    for session in (session for way in ways for session in (way.inlet, way.outlet)):
        if not session.alive:
            raise BrokerUnusable(f"{session.name}: its connection's thread has ended; the log says why")


def _report(ways: list[Way]) -> None:
    for way in ways:
        if way.lane.passed or way.lane.waiting:
            logger.info("%s: %d passed on since the start, %d wait", way.inlet.name, way.lane.passed, way.lane.waiting)


if __name__ == "__main__":
    sys.exit(main())
