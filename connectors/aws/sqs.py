"""Owns queues on SQS: found by name or address, read by long polls, with their dead-letter queues."""

import json
from typing import Any

from connectors.aws.calls import asking
from connectors.aws.seams import Message

REASON = "FramewiseReason"
LONGEST_REASON = 1000
PLAIN = "".join(map(chr, (9, 10, 13)))


def address_of(sqs: Any, name: str) -> str:
    """The address of a queue that is named, or given by its address or ARN. Raises AwsUnavailable."""
    if name.startswith(("http://", "https://")):
        return name
    owner = {}
    if name.startswith("arn:"):
        *_, account, name = name.split(":")
        owner = {"QueueOwnerAWSAccountId": account}
    with asking(f"the queue {name}"):
        return str(sqs.get_queue_url(QueueName=name, **owner)["QueueUrl"])


class SqsQueue:
    """A queue; `dead_letters` names the one for what cannot be done, where the queue's redrive policy names none."""

    def __init__(self, sqs: Any, name: str, visibility: int, dead_letters: str = "") -> None:
        self._sqs, self._visibility = sqs, visibility
        self._url = address_of(sqs, name)
        self.name = self._url.rstrip("/").rpartition("/")[2]
        policy = self._redrive_policy()
        self.most_receives = int(policy["maxReceiveCount"]) if policy else None
        target = policy.get("deadLetterTargetArn", dead_letters)
        self._aside = address_of(sqs, target) if target else None

    def _redrive_policy(self) -> dict[str, Any]:
        with asking(f"the attributes of the queue {self.name}"):
            said = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["RedrivePolicy"])
        policy: dict[str, Any] = json.loads(said.get("Attributes", {}).get("RedrivePolicy") or "{}")
        return policy

    @property
    def sets_aside(self) -> bool:
        """Whether there is a queue for what cannot be done."""
        return self._aside is not None

    def receive(self, wait: int) -> Message | None:
        with asking(f"a message of {self.name}"):
            said = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=1,
                WaitTimeSeconds=wait,
                VisibilityTimeout=self._visibility,
                AttributeNames=["ApproximateReceiveCount"],
            )
        return next((_message(given) for given in said.get("Messages", ())), None)

    def extend(self, message: Message, seconds: int) -> None:
        with asking(f"more time for a message of {self.name}"):
            self._sqs.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=message.receipt, VisibilityTimeout=seconds
            )

    def delete(self, message: Message) -> None:
        with asking(f"the end of a message of {self.name}"):
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message.receipt)

    def set_aside(self, message: Message, reason: str) -> bool:
        if self._aside is None:
            return False
        said = {"DataType": "String", "StringValue": _plain(reason)}
        with asking(f"the dead-letter queue of {self.name}"):
            self._sqs.send_message(
                QueueUrl=self._aside, MessageBody=message.body, MessageAttributes={REASON: said}, **self._fifo(message)
            )
        self.delete(message)
        return True

    def _fifo(self, message: Message) -> dict[str, str]:
        """What a queue that keeps the order asks for besides."""
        named = {"MessageGroupId": message.message_id, "MessageDeduplicationId": message.message_id}
        return named if self._aside is not None and self._aside.endswith(".fifo") else {}


def _message(given: dict[str, Any]) -> Message:
    receives = int(given.get("Attributes", {}).get("ApproximateReceiveCount", 1))
    return Message(given["MessageId"], given["ReceiptHandle"], given["Body"], receives)


def _plain(reason: str) -> str:
    """A reason as an attribute may hold it: not empty, without control characters."""
    shown = "".join(c if c.isprintable() or c in PLAIN else " " for c in reason).strip()
    return shown[:LONGEST_REASON] or "unknown"
