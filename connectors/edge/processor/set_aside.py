"""Owns what is no picture: it is kept beside the pictures with the reason, counted and logged."""

import hashlib
import logging
from datetime import UTC, datetime

from connectors.edge.messages import Message
from connectors.edge.processor.place import Place
from pipeline.contracts.errors import FramewiseError
from pipeline.observing import metrics

FOLDER = "set-aside"
DIGITS = 20

logger = logging.getLogger(__name__)


class SetAside:
    """Keeps at most so many since the start; what comes beyond is logged only."""

    def __init__(self, place: Place, most: int) -> None:
        self._place, self._most, self._kept = place, most, 0

    def put(self, message: Message, reason: FramewiseError) -> None:
        """Set it aside. Raises StoreError."""
        full = self._kept >= self._most
        where = "nowhere: too many are set aside already" if full else self._keep(message, reason)
        metrics.edge_picture("set-aside")
        logger.warning("%d bytes on %s are set aside (%s): %s", len(message.payload), message.topic, where, reason)

    def _keep(self, message: Message, reason: FramewiseError) -> str:
        folder = f"{FOLDER}/{datetime.now(UTC).date().isoformat()}"
        text = "\n".join(
            [f"topic: {message.topic}", f"reason: {reason}", *(f"{n}: {v}" for n, v in message.properties)]
        )
        stem = hashlib.sha256(text.encode() + message.payload).hexdigest()[:DIGITS]
        self._place.keep(folder, stem, ".txt", f"{text}\n".encode())
        kept = self._place.keep(folder, stem, ".bin", message.payload)
        self._kept += not kept.repeated
        return kept.path
