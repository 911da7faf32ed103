"""The cache of weights: verified each time, made whole, and clear about what was tried."""

import multiprocessing
from pathlib import Path

import pytest

from inference.cards import Card, read_card
from inference.weights import Weights
from pipeline.contracts.errors import ModelUnavailable
from tests.unit.inference.factories import boxes_body, brightness_detector, write_card


def _card(folder: Path) -> Card:
    return read_card(write_card(folder, "tiny", brightness_detector(), boxes_body()))


def test_the_mirror_fills_the_cache_and_the_cache_serves_without_it(tmp_path: Path) -> None:
    card = _card(tmp_path)
    told: list[int] = []
    folder = Weights(tmp_path / "cache", tmp_path).ensure(card, progress=told.append)
    assert (folder / "model.onnx").read_bytes() == brightness_detector()
    assert sum(told) == card.files[0].bytes
    assert Weights(tmp_path / "cache").ensure(card) == folder
    assert [path.name for path in folder.iterdir() if not path.name.endswith(".lock")] == ["model.onnx"]


def test_a_damaged_cache_is_made_anew(tmp_path: Path) -> None:
    card = _card(tmp_path)
    weights = Weights(tmp_path / "cache", tmp_path)
    file = weights.ensure(card) / "model.onnx"
    file.write_bytes(b"damaged")
    weights.ensure(card)
    assert file.read_bytes() == brightness_detector()


def test_what_does_not_match_is_refused_and_every_source_is_listed(tmp_path: Path) -> None:
    card = _card(tmp_path)
    (tmp_path / "models" / "tiny" / "model.onnx").write_bytes(b"another file")
    with pytest.raises(ModelUnavailable) as caught:
        Weights(tmp_path / "cache", tmp_path).ensure(card)
    message = str(caught.value)
    assert "tiny/model.onnx" in message
    assert f"{tmp_path / 'cache' / 'tiny' / 'model.onnx'}: not there" in message
    assert f"{tmp_path / 'models' / 'tiny' / 'model.onnx'}: refused: its sha256 is" in message
    assert card.files[0].sha256 in message
    assert not (tmp_path / "cache" / "tiny" / "model.onnx").exists()


def test_a_mirror_that_is_not_set_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="FRAMEWISE_MIRROR"):
        Weights(tmp_path / "cache").ensure(_card(tmp_path))


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(ModelUnavailable, match="cache"):
        Weights(tmp_path / "cache", tmp_path).ensure(_card(tmp_path))


def _ensure(folder: Path) -> bytes:
    card = read_card(folder / "cards" / "tiny" / "model.toml")
    return (Weights(folder / "cache", folder).ensure(card) / "model.onnx").read_bytes()


def test_processes_may_fetch_at_the_same_time(tmp_path: Path) -> None:
    _card(tmp_path)
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert set(pool.map(_ensure, [tmp_path] * 6)) == {brightness_detector()}
