"""What the service advises when something is wrong."""

from typing import Any

import pytest

from api.system.advice import Facts, advice, worst
from api.system.answers import DiskAnswer, Level, ServerAnswer

WELL: dict[str, Any] = {"servers": (ServerAnswer(name="kafka", ok=True, detail="1 broker(s)"),), "window_seconds": 30.0}
ROOM = DiskAnswer(free_bytes=50 * 2**30, total_bytes=100 * 2**30)


def red(name: str) -> tuple[ServerAnswer, ...]:
    """A server that is not well."""
    return (ServerAnswer(name=name, ok=False, detail="no answer within 2.5 s"),)


@pytest.mark.parametrize(
    ("facts", "level", "about", "command"),
    [
        ({}, "good", None, None),
        ({"disk": ROOM, "waiting": 100, "rates": {"done": 10.0}}, "good", None, None),
        ({"rates": {"done": 10.0, "failed": 0.05}}, "good", None, None),
        ({"servers": red("kafka")}, "bad", "kafka", "./run.sh logs kafka"),
        ({"servers": red("cassandra")}, "bad", "cassandra", "./run.sh logs cassandra"),
        ({"servers": red("disk")}, "bad", "disk", ".venv/bin/python clear_frames.py --days 7"),
        (
            {"servers": red("rtmp")},
            "good",
            "rtmp",
            "sudo apt install nginx libnginx-mod-rtmp && ./run.sh down && ./run.sh",
        ),
        ({"servers": red("something")}, "bad", "something", "./run.sh logs something"),
        (
            {"disk": DiskAnswer(free_bytes=9, total_bytes=100)},
            "warn",
            "disk",
            ".venv/bin/python clear_frames.py --days 7",
        ),
        ({"waiting": 5.0}, "bad", "analysis", "./run.sh logs analysis"),
        ({"waiting": 5.0, "window_seconds": 6.0}, "warn", "analysis", "./run.sh logs analysis"),
        ({"waiting": 5.0, "window_seconds": 1.0}, "good", None, None),
        ({"waiting": 700.0, "rates": {"done": 10.0}}, "warn", "analysis", "./run.sh workers N"),
        ({"rates": {"done": 10.0, "failed": 1.0}}, "warn", "analysis", "./run.sh logs analysis"),
        ({"rates": {"dropped": 0.5}}, "warn", "live", "./run.sh workers N"),
        ({"grown": {"framewise_dead_letters_total": 1.0}}, "warn", "analysis", "./run.sh dead-letters list"),
        ({"grown": {"framewise_store_retries_total": 2.0}}, "warn", "analysis", "./run.sh status"),
    ],
)
def test_each_trouble_has_its_advice(facts: dict[str, Any], level: str, about: str | None, command: str | None) -> None:
    found = advice(Facts(**WELL | facts))
    assert worst(found) == level
    assert [(one.about, one.command) for one in found] == ([(about, command)] if about else [])
    assert all(one.what.endswith((".", "up.")) and one.do.endswith(".") for one in found)


def test_the_worst_comes_first() -> None:
    found = advice(Facts(servers=red("kafka"), disk=DiskAnswer(free_bytes=1, total_bytes=100), rates={"dropped": 1.0}))
    assert [one.level for one in found] == [Level.BAD, Level.WARN, Level.WARN]
