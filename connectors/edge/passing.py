"""Owns how messages pass on: receipts, answers, and the contract of an outlet with its twin."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from connectors.edge.messages import Message


class Answer(Enum):
    """What a broker says of a message that it was sent."""

    TAKEN = "taken"
    NOBODY = "nobody listens"
    """It has thrown the message away: no client has ever subscribed to its topic."""
    REFUSED = "refused"


class Receipt(Protocol):
    """Tells the broker that a message is in good hands."""

    @property
    def good(self) -> bool:
        """Whether the connection by which the message came goes on; else it comes again, with another receipt."""

    def give(self) -> None:
        """Tell it; does nothing where the receipt is not good any more."""


Handler = Callable[[Message, Receipt], object]
"""Takes a message and returns at once."""
Answered = Callable[[Answer], None]


class Outlet(Protocol):
    """Sends messages to a broker."""

    def send(self, message: Message, answered: Answered) -> None:
        """Send it, now or once there is a connection; again after one breaks. Never waits.

        `answered` is called once, from another thread, and must not wait either. The caller bounds what is under way.
        """


@dataclass(frozen=True, slots=True)
class Inlet:
    """What a session subscribes to, and who takes what comes, as far as there is room."""

    filters: tuple[str, ...]
    handler: Handler
    has_room: Callable[[], bool] = lambda: True
    """Whether the handler may be given another message, or some; the broker keeps the rest."""


@dataclass
class InMemoryReceipt:
    """The twin for tests: remembers whether it was given."""

    good: bool = True
    given: bool = False

    def give(self) -> None:
        self.given = self.good


@dataclass
class InMemoryOutlet:
    """The twin for tests: keeps what was sent, and answers as it is told to."""

    sent: list[Message] = field(default_factory=list)
    answer: Answer | None = Answer.TAKEN
    unanswered: list[Answered] = field(default_factory=list)

    def send(self, message: Message, answered: Answered) -> None:
        self.sent.append(message)
        if self.answer is None:
            self.unanswered.append(answered)
        else:
            answered(self.answer)
