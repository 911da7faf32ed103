"""Owns the in-memory twin of who looks at pictures, for tests and trials."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.contracts.results import Box
from pipeline.portraits.faces import PictureUnreadable, Portrait, PortraitsUnavailable


@dataclass
class KnownPortraits:
    """Says of each known picture what it was told; of no other it can tell anything. Without any it is unavailable."""

    known: Mapping[bytes, Portrait] = field(default_factory=dict)
    asked: list[tuple[bytes, Box | None]] = field(default_factory=list)

    def read(self, picture: bytes, box: Box | None = None) -> Portrait:
        self.asked.append((picture, box))
        if not self.known:
            raise PortraitsUnavailable("no model looks at pictures here")
        if picture not in self.known:
            raise PictureUnreadable("this is no picture that can be read")
        return self.known[picture]

    def close(self) -> None:
        """There is nothing to let go of."""
