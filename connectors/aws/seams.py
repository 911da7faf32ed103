"""Owns what the door asks of AWS and of the service, as protocols; `in_memory.py` has their twins.

All are safe for threads. Those of AWS raise AwsUnavailable when it does not answer or refuses, which may pass.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Protocol

from connectors.aws.job import Place, Step, VideoId
from framewise.answers import Result, Video
from pipeline.contracts.errors import FramewiseError


class AwsUnavailable(FramewiseError):
    """AWS does not answer, or refuses."""

    type = "aws-unavailable"
    title = "AWS does not do what was asked"


class DocumentInvalid(FramewiseError):
    """A document that cannot hold the step."""

    type = "document-invalid"
    title = "The document cannot be changed"


class ObjectMissing(FramewiseError):
    """An object that is not there, or may not be read."""

    type = "object-missing"
    title = "The object is not there"


class Interrupted(FramewiseError):
    """The door shall end at once: what is at work goes on elsewhere."""


class VideoVanished(FramewiseError):
    """Somebody has deleted the video while it was analysed."""

    type = "video-deleted"
    title = "The video was deleted"


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery of a message: `receipt` stands for this delivery, `receives` counts them."""

    message_id: str
    receipt: str
    body: str
    receives: int


class Queue(Protocol):
    """A queue that gives each message again until it is deleted, after it was invisible for a while."""

    @property
    def name(self) -> str:
        """As people know it."""

    @property
    def most_receives(self) -> int | None:
        """After so many deliveries the queue itself sets a message aside; None when it never does."""

    def receive(self, wait: int) -> Message | None:
        """The next message, waiting for one at most `wait` seconds."""

    def extend(self, message: Message, seconds: int) -> None:
        """Keep a message invisible for so long from now on; with 0 it comes back at once."""

    def delete(self, message: Message) -> None:
        """It was done."""

    def set_aside(self, message: Message, reason: str) -> bool:
        """Put it into the dead-letter queue with the reason, then delete it; False where there is no such queue."""


class Documents(Protocol):
    """The documents of videos, each with a list of steps that several systems change at the same time."""

    def change(self, video_id: VideoId, name: str, change: Callable[[Step | None], Step | None]) -> Step | None:
        """Change the step of that name alone, and return it as it stands then.

        `change` gets the step, None when the document or the step is missing, and says what it shall be, None to leave
        it. It may be called several times: when someone else changed the document meanwhile. A missing
        document is made. Raises DocumentInvalid.
        """


class Objects(Protocol):
    """Objects of S3."""

    def version(self, place: Place) -> str:
        """What changes whenever the object does. Raises ObjectMissing."""

    def exists(self, place: Place) -> bool:
        """Whether it is there."""

    def put(self, place: Place, file: IO[bytes]) -> None:
        """Put what a file holds from where it stands, whole or not at all; the file may be closed afterwards."""


class Analyses(Protocol):
    """What the door asks of the service. Calls wait while the service is away, and raise Interrupted at the end."""

    def submit(self, place: Place, video_id: VideoId, key: str) -> Video:
        """The video of an object: the same for the same key. One that has failed before is tried again."""

    def follow(self, video_id: str) -> Video:
        """The video once it has ended. Raises VideoVanished."""

    def rows(self, video: Video) -> Iterator[Result]:
        """What was found, by frame number."""
