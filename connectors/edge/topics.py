"""Owns the names of MQTT topics: where the crops of a camera go, and where it hears that they are stored."""

import re
from dataclasses import dataclass

NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
"""A site, a camera: one level of a topic and one folder of a store, never more."""

_MARK = re.compile(r"\{(site|camera)\}")


@dataclass(frozen=True, slots=True)
class TopicTemplate:
    """A topic with `{site}` and `{camera}` in it, or neither, as the old names have it."""

    text: str

    def of(self, site: str, camera: str) -> str:
        """The topic of one camera."""
        return self.text.replace("{site}", site).replace("{camera}", camera)

    @property
    def filter(self) -> str:
        """What subscribes to the topics of all cameras."""
        return _MARK.sub("+", self.text)

    def read(self, topic: str) -> dict[str, str] | None:
        """What `topic` says of `site` and `camera`; None when it is no topic of this kind."""
        pattern = "".join(
            f"(?P<{part}>{NAME})" if place % 2 else re.escape(part) for place, part in enumerate(_MARK.split(self.text))
        )
        found = re.fullmatch(pattern, topic)
        return found.groupdict() if found else None


FACES = TopicTemplate("framewise/{site}/{camera}/faces")
STORED = TopicTemplate("framewise/{site}/{camera}/stored")
OLD_EDGE, OLD_CLOUD = TopicTemplate("hw3facestx2"), TopicTemplate("hw3faces")
"""The topics of the system before: a bare picture a message, without properties."""
