"""Where a broker is and how one gets in."""

from pathlib import Path

import pytest

from connectors.edge.brokers import BrokerSettings, BrokerUnusable, broker_settings

PREFIX = "FRAMEWISE_TRIAL_"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("mqtt://broker.example", ("broker.example", 1883, False)),
        ("mqtts://broker.example", ("broker.example", 8883, True)),
        ("mqtt://127.0.0.1:1884/", ("127.0.0.1", 1884, False)),
        ("mqtts://[::1]:8884", ("::1", 8884, True)),
    ],
)
def test_an_address_names_host_port_and_tls(url: str, place: tuple[str, int, bool]) -> None:
    address = BrokerSettings(url=url).address
    assert (address.host, address.port, address.tls) == place


@pytest.mark.parametrize("url", ["broker.example", "http://broker", "mqtt://", "mqtt://b:99999", "mqtt://b/path"])
def test_a_wrong_address_is_said_with_its_variable(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}URL", url)
    with pytest.raises(BrokerUnusable, match=f"{PREFIX}URL: "):
        broker_settings(PREFIX)


def test_a_password_in_the_address_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}URL", "mqtt://me:s3cret@broker")
    with pytest.raises(BrokerUnusable, match="settings of their own") as refused:
        broker_settings(PREFIX)
    assert "s3cret" not in str(refused.value)
    assert "s3cret" not in repr(BrokerSettings(user="me", password="s3cret"))


def test_certificates_that_are_not_there_are_said() -> None:
    settings = BrokerSettings(url="mqtts://broker", ca_file=Path("/nowhere/ca.pem"))
    with pytest.raises(BrokerUnusable, match=r"mqtts://broker: its certificate files cannot be read"):
        settings.tls()
    assert BrokerSettings(url="mqtt://broker", ca_file=Path("/nowhere/ca.pem")).tls() is None
