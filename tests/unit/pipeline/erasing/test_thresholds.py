"""Thresholds are read from the same cards, under the same digests, as models are."""

from pathlib import Path

import pytest

from inference.cards import read_cards
from pipeline.contracts.errors import ModelUnavailable
from pipeline.contracts.results import TaskName
from pipeline.contracts.settings import PathSettings
from pipeline.erasing.thresholds import thresholds_in


def test_they_are_those_of_the_cards() -> None:
    folder = PathSettings().models_dir
    cards = [card for card in read_cards(folder) if card.task is TaskName.IDENTITIES]
    assert len(cards) >= 2
    assert thresholds_in(folder) == {card.digest: card.min_confidence for card in cards}


def test_a_card_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / "model.toml").write_text("name = ")
    with pytest.raises(ModelUnavailable, match=r"wrong/model\.toml"):
        thresholds_in(tmp_path)
