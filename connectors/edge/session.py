"""Owns a connection to a broker that is kept: MQTT 5, QoS 1, a session that outlives it, and receipts given by hand.

A message counts as received only when its receipt is given, and as sent only when the broker has confirmed it. A
receipt is good for the connection by which the message came: after a reconnect the broker numbers anew and sends it
again (MQTT 5, OASIS, 4.3.2 and 4.4).
"""

import logging
import threading
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from connectors.edge.brokers import BrokerSettings
from connectors.edge.library import client_of, message_of, will_connect
from connectors.edge.line import Line
from connectors.edge.messages import Message
from connectors.edge.outgoing import Outgoing
from connectors.edge.passing import Answered, Inlet

WINDOW = 64
"""Messages at most that have come and have no receipt yet: the broker keeps the rest."""
TAKEN_OVER = 0x8E

logger = logging.getLogger(__name__)


class Session:
    """One client of a broker, connected again with growing pauses; an Outlet."""

    def __init__(self, broker: BrokerSettings, client_id: str, inlet: Inlet | None = None) -> None:
        """Nothing is dialled yet. Raises BrokerUnusable."""
        self.name = f"{broker.address} as {client_id}"
        self._broker, self._inlet = broker, inlet
        self._lock = threading.Lock()
        self._connection = 0
        self._said: object = None
        self._ready = threading.Event()
        self._client = self._made(client_id)
        self._line = Line(self._client, self._has_room, self._failed)
        self._outgoing = Outgoing(self._client, self._line.wake)

    def _made(self, client_id: str) -> Client:
        client = client_of(self._broker, client_id)
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_subscribe, client.on_message = self._on_subscribe, self._on_message
        return client

    @property
    def ready(self) -> bool:
        """Whether there is a connection, with all that was to be subscribed."""
        return self._ready.is_set()

    @property
    def alive(self) -> bool:
        """Whether its thread goes on; where it has ended nothing comes any more."""
        return self._line.alive

    def listen(self, inlet: Inlet) -> None:
        """Subscribe to something; before the start."""
        self._inlet = inlet

    def start(self) -> None:
        """Connect in a thread, as often as need be."""
        will_connect(self._client, self._broker, WINDOW)
        self._line.start()

    def stop(self) -> None:
        """Say goodbye; the broker keeps the session."""
        self._line.stop()

    def send(self, message: Message, answered: Answered) -> None:
        self._outgoing.send(message, answered)

    def _on_message(self, client: Client, data: Any, came: MQTTMessage) -> None:
        assert self._inlet is not None
        receipt = _Receipt(self, self._connection, came.mid, came.qos)
        self._inlet.handler(message_of(came), receipt)

    def _has_room(self) -> bool:
        return self._inlet is None or self._inlet.has_room()

    def is_connection(self, number: int) -> bool:
        """Whether this is the connection that there is now."""
        return number == self._connection

    def acknowledge(self, connection: int, number: int, qos: int) -> None:
        """Confirm what came by a connection, if that goes on."""
        with self._lock:
            if connection == self._connection:
                self._client.ack(number, qos)
        self._line.wake()

    def _on_connect(
        self, client: Client, data: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._number_anew()
        if reason.is_failure:
            return self._say(str(reason), "%s is refused: %s; check its user and password", self.name, reason)
        if self._inlet is None:
            return self._is_ready()
        options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
        client.subscribe([(name, options) for name in self._inlet.filters])
        return None

    def _on_subscribe(
        self, client: Client, data: Any, number: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        assert self._inlet is not None
        refused = [n for n, reason in zip(self._inlet.filters, reasons, strict=False) if reason.is_failure]
        if refused:
            return self._say("filters", "%s may not subscribe to %s", self.name, ", ".join(refused))
        return self._is_ready()

    def _is_ready(self) -> None:
        self._ready.set()
        self._line.settled()
        self._said = None
        logger.info("%s: connected", self.name)

    def _on_disconnect(
        self, client: Client, data: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        was_ready = self._ready.is_set()
        self._number_anew()
        if reason.value == TAKEN_OVER:
            logger.error("%s: another client has the same id; give each a name of its own", self.name)
        elif was_ready and reason.is_failure:
            logger.warning("%s: disconnected (%s); trying again", self.name, reason)

    def _failed(self, error: OSError) -> None:
        self._say(str(error), "%s cannot be reached: %s; trying again", self.name, error)

    def _number_anew(self) -> None:
        with self._lock:
            self._connection += 1
        self._ready.clear()

    def _say(self, what: object, text: str, *values: object) -> None:
        """Log a trouble when it begins, not at each try."""
        if what != self._said:
            self._said = what
            logger.error(text, *values)


@dataclass(frozen=True, slots=True)
class _Receipt:
    session: Session
    connection: int
    number: int
    qos: int

    @property
    def good(self) -> bool:
        return self.session.is_connection(self.connection)

    def give(self) -> None:
        self.session.acknowledge(self.connection, self.number, self.qos)
