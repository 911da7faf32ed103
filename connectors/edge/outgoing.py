"""Owns what is sent by a client and not answered yet."""

from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from connectors.edge.library import answer_of, properties_of
from connectors.edge.messages import Message
from connectors.edge.passing import Answer, Answered


class Outgoing:
    """Publishes, and tells each sender what the broker answered; the library sends again after a reconnect."""

    def __init__(self, client: Client, wake: Callable[[], None]) -> None:
        """`wake` has written what was queued."""
        self._client, self._wake = client, wake
        self._waiting: dict[int, Answered] = {}
        self._early: dict[int, Answer] = {}
        client.on_publish = self._on_publish

    def send(self, message: Message, answered: Answered) -> None:
        """See Outlet."""
        sent = self._client.publish(message.topic, message.payload, qos=1, properties=properties_of(message))
        if sent.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
            return answered(Answer.REFUSED)
        self._wake()
        self._waiting[sent.mid] = answered
        self._tell(sent.mid)
        return None

    def _on_publish(self, client: Client, data: Any, number: int, reason: ReasonCode, properties: Properties) -> None:
        self._early[number] = answer_of(reason)
        self._tell(number)

    def _tell(self, number: int) -> None:
        """Whichever comes second, who waits or the answer, tells it."""
        if number in self._early and (answered := self._waiting.pop(number, None)) is not None:
            answered(self._early.pop(number))
