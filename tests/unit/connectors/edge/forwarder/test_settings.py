"""Which topics go where."""

import pytest

from connectors.edge.brokers import BrokerSettings, BrokerUnusable
from connectors.edge.forwarder.settings import ForwarderSettings, Route, check_no_circle, forwarder_settings

HERE, THERE = BrokerSettings(url="mqtt://127.0.0.1:1883"), BrokerSettings(url="mqtts://cloud.example")


def test_routes_keep_their_topic_or_get_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_FORWARDER_TOPICS", "framewise/+/+/faces, hw3facestx2=hw3faces")
    kept, renamed = forwarder_settings().topics
    assert (kept.filter, kept.topic("framewise/yard/gate/faces")) == (
        "framewise/+/+/faces",
        "framewise/yard/gate/faces",
    )
    assert (renamed.filter, renamed.topic("hw3facestx2")) == ("hw3facestx2", "hw3faces")


@pytest.mark.parametrize("text", ["a=", "=b", "a=b/+", "a=#"])
def test_a_route_that_cannot_be_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_FORWARDER_TOPICS", text)
    with pytest.raises(BrokerUnusable, match=r"FRAMEWISE_FORWARDER_TOPICS: .*FILTER=TOPIC"):
        forwarder_settings()


def test_one_broker_on_both_sides_needs_other_names() -> None:
    check_no_circle(ForwarderSettings(), HERE, THERE)
    with pytest.raises(BrokerUnusable, match="would go in a circle"):
        check_no_circle(ForwarderSettings(), HERE, HERE)
    renaming = ForwarderSettings(topics=(Route("a", "b"),), confirmations=())
    check_no_circle(renaming, HERE, HERE)


def test_each_forwarder_has_a_name_that_a_broker_takes() -> None:
    assert ForwarderSettings().name
