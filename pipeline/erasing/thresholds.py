"""Owns from which similarity on two faces are one person's, as the cards of embedding models say."""

import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.contracts.errors import ModelUnavailable
from pipeline.contracts.results import TaskName


def thresholds_in(cards_dir: Path) -> Mapping[str, float]:
    """By the digest of each embedding model; raises ModelUnavailable for a card that cannot be read.

    Cards are data: no model is loaded, and whoever erases needs none.
    """
    cards = [_read(path) for path in sorted(cards_dir.glob("*/model.toml"))]
    return {_digest(card): float(card["min_confidence"]) for card in cards if card.get("task") == TaskName.IDENTITIES}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        raise ModelUnavailable(f"the card {path} cannot be read: {e}") from e


def _digest(card: Mapping[str, Any]) -> str:
    """As rows and vectors name the model: the digest of its file, or that of the digests of its files."""
    digests = [file["sha256"] for file in card.get("files", ())]
    return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()
