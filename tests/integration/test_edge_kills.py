"""The edge started in any order, and each of its parts killed, at ten faces a second: nothing lost, nothing twice."""

import logging
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from tests.edge import Door, forwarder, processor
from tests.mosquitto import MISSING, Mosquitto
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"no broker: {MISSING}")
RATE = 10.0
logger = logging.getLogger(__name__)
PARTS = ("agent", "local", "forwarder", "cloud", "processor")


@dataclass(frozen=True)
class Edge:
    """All five parts, none of which is started yet."""

    folder: Path
    parts: dict[str, Door | Mosquitto]

    @property
    def accepted(self) -> list[str]:
        """The files of the crops that the agent has accepted."""
        return self._files("accepted")

    def _files(self, list_name: str) -> list[str]:
        path = self.folder / "agent" / list_name
        return [_name(crop_id) for crop_id in path.read_text().splitlines()] if path.exists() else []

    @property
    def waiting(self) -> int:
        """Crops that nobody has confirmed to the agent."""
        return len(list((self.folder / "agent" / "spool").glob("*.crop")))

    @property
    def stored(self) -> list[str]:
        """Names of pictures in the store."""
        return sorted(path.name for path in (self.folder / "store").rglob("*.jpg"))

    def kill(self, name: str, seconds: float) -> None:
        """Have a part away for a while."""
        self.parts[name].kill()
        time.sleep(seconds)
        self.parts[name].start()

    def finish(self, seconds: float) -> None:
        """Make no more faces, and wait until all are confirmed; each is in the store once then, by its capture time.

        Of a crop that the agent was killed over, nobody knows whether it was accepted.
        """
        (self.folder / "agent" / "enough").touch()
        wait_until(lambda: bool(self.accepted) and self.waiting == 0, seconds)
        assert set(self.accepted) <= set(self.stored) <= set(self._files("offered"))
        assert len(set(self.stored)) == len(self.stored)


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    yield from _edge(tmp_path, pause=30.0)


@pytest.fixture
def hasty_edge(tmp_path: Path) -> Iterator[Edge]:
    """The agent sends again after three seconds instead of thirty."""
    yield from _edge(tmp_path, pause=3.0)


def _edge(folder: Path, pause: float) -> Iterator[Edge]:
    local, cloud = Mosquitto(folder / "local"), Mosquitto(folder / "cloud")
    arguments = (str(folder / "agent"), local.url, str(RATE), str(pause))
    parts: dict[str, Door | Mosquitto] = {
        "agent": Door("tests.edge_sender", "agent", folder / "agent", arguments=arguments),
        "local": local,
        "forwarder": forwarder(folder / "forwarder", local.settings(), cloud.settings()),
        "cloud": cloud,
        "processor": processor(folder / "processor", cloud.settings(), str(folder / "store")),
    }
    with ExitStack() as held:
        for part in parts.values():
            held.callback(part.stop)
        yield Edge(folder, parts)


def test_each_part_is_killed_for_a_moment(hasty_edge: Edge) -> None:
    for name in PARTS:
        hasty_edge.parts[name].start()
    wait_until(lambda: len(hasty_edge.stored) >= 5)
    for name in PARTS:
        hasty_edge.kill(name, 1.0)
    hasty_edge.finish(60)


@pytest.mark.slow
@pytest.mark.parametrize("order", range(10))
def test_in_any_order_of_starts(edge: Edge, order: int) -> None:
    chance = random.Random(order)
    names = chance.sample(PARTS, len(PARTS))
    for name in names:
        edge.parts[name].start()
        time.sleep(chance.uniform(0, 3))
    wait_until(lambda: len(edge.accepted) >= 100, 60)
    begun = time.monotonic()
    edge.finish(90)
    logger.info("%s: %d faces, the last %.1f s late", names, len(edge.stored), time.monotonic() - begun)


@pytest.mark.slow
@pytest.mark.parametrize("name", PARTS)
def test_each_part_is_killed_for_a_minute(edge: Edge, name: str) -> None:
    for part in PARTS:
        edge.parts[part].start()
    wait_until(lambda: len(edge.stored) >= 50)
    edge.kill(name, 60.0)
    time.sleep(10)
    begun = time.monotonic()
    edge.finish(180)
    logger.info("%s killed: %d faces, the last %.1f s late", name, len(edge.stored), time.monotonic() - begun)


def _name(crop_id: str) -> str:
    """The file of a crop, by its id: `site/camera/captured-at/track`."""
    _, _, captured_at, track = crop_id.split("/")
    return f"{datetime.fromisoformat(captured_at):%Y-%m-%dT%H-%M-%S.%fZ}_{track}.jpg"
