"""The stack's own MQTT broker: the real server, started and stopped by the supervisor."""

import pytest

from stack import mqtt
from stack.ports import busy
from stack.trial import trial


@pytest.mark.skipif(bool(mqtt.missing()), reason=f"no broker: {mqtt.missing()}")
def test_it_starts_answers_and_is_gone_afterwards() -> None:
    with trial("mqtt") as running:
        assert mqtt.ready(running.settings)
        port = running.settings.mqtt_port
    assert not busy(port)
