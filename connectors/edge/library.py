"""Owns how the library of MQTT is used: its client as all parts set it up, and its packets in our words."""

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from connectors.edge.brokers import BrokerSettings
from connectors.edge.messages import Message
from connectors.edge.passing import Answer

SESSION_SECONDS = 14 * 24 * 3600
"""So long a broker keeps what comes for a client that is away."""
KEEPALIVE_SECONDS = 20
CONNECT_SECONDS = 5.0
OUTGOING = 20
"""Messages at most that are sent and not confirmed."""
MOST_PACKET = 4 * 2**20
NOBODY_LISTENS = 0x10


def client_of(broker: BrokerSettings, client_id: str) -> Client:
    """A client that knows how to get in, and leaves acknowledging to us. Raises BrokerUnusable."""
    client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True)
    if broker.user:
        client.username_pw_set(broker.user, broker.password.get_secret_value() if broker.password else None)
    if (context := broker.tls()) is not None:
        client.tls_set_context(context)
    client.connect_timeout = CONNECT_SECONDS
    client.max_inflight_messages_set(OUTGOING)
    return client


def will_connect(client: Client, broker: BrokerSettings, window: int) -> None:
    """Say where to, and what is asked of the broker: a session that is kept, and so many messages at once."""
    wanted = _empty(PacketTypes.CONNECT)
    wanted.SessionExpiryInterval, wanted.ReceiveMaximum = SESSION_SECONDS, window
    wanted.MaximumPacketSize = MOST_PACKET
    address = broker.address
    client.connect_async(address.host, address.port, KEEPALIVE_SECONDS, clean_start=False, properties=wanted)


def answer_of(reason: ReasonCode) -> Answer:
    """What a broker says of a message that it was sent (MQTT 5, OASIS, 3.4.2.1)."""
    if reason.is_failure:
        return Answer.REFUSED
    return Answer.NOBODY if reason.value == NOBODY_LISTENS else Answer.TAKEN


def properties_of(message: Message) -> Properties:
    """What goes with a message."""
    found = _empty(PacketTypes.PUBLISH)
    if message.properties:
        found.UserProperty = list(message.properties)
    if message.content_type:
        found.ContentType = message.content_type
    return found


def message_of(came: MQTTMessage) -> Message:
    """What has come."""
    own = tuple(getattr(came.properties, "UserProperty", ()))
    return Message(came.topic, bytes(came.payload), own, getattr(came.properties, "ContentType", None))


def _empty(packet: int) -> Properties:
    return Properties(packet)  # type: ignore[no-untyped-call]
