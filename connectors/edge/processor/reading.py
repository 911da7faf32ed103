"""Owns what a message says: a crop, and whether it is a whole picture."""

from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.edge.crops import Crop
from connectors.edge.messages import Message, decode
from connectors.edge.topics import TopicTemplate
from connectors.pictures.whole import Limits, Picture, whole_picture


@dataclass(frozen=True, slots=True)
class Reading:
    """How messages are read: topics, and what is said of pictures that come without properties."""

    topics: tuple[TopicTemplate, ...]
    limits: Limits
    old_site: str
    old_camera: str

    def crop(self, message: Message) -> Crop:
        """What it says. Raises RecordInvalid."""
        template = next((t for t in self.topics if t.read(message.topic) is not None), self.topics[0])
        return decode(message, template, datetime.now(UTC), self.old_site, self.old_camera)

    def picture(self, crop: Crop) -> Picture:
        """The picture of a crop, which is whole. Raises RecordInvalid."""
        return whole_picture(crop.image, self.limits)
