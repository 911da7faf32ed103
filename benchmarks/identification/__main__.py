"""Prints how well each embedding model tells the people of the media folder apart, and what it costs."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.identification.faces import Face, all_faces
from benchmarks.identification.pairs import Pairs
from benchmarks.identification.people import KNOWN
from benchmarks.identification.promise import FRONTAL, trial
from inference.cards import Card, read_cards
from inference.models import Model, load_model
from inference.outputs import EmbeddingOutput
from inference.weights import Weights
from pipeline.contracts.errors import ModelUnavailable
from pipeline.contracts.results import TaskName
from pipeline.contracts.settings import PathSettings

THRESHOLDS = np.arange(0.2, 0.86, 0.05)


def main() -> int:
    """Run it; 1 without the media folder."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identification", description=__doc__)
    parser.add_argument("--media", type=Path, help="the media folder; FRAMEWISE_MIRROR/media if left out")
    paths = PathSettings()
    media = parser.parse_args().media or (paths.mirror / "media" if paths.mirror else None)
    if media is None or not (media / "ident").is_dir():
        print("there is no media folder: set FRAMEWISE_MIRROR, or name it with --media", file=sys.stderr)
        return 1
    cards, weights = read_cards(paths.models_dir), Weights(paths.weights_dir, paths.mirror)
    detector = next(card for card in cards if card.task is TaskName.FACES)
    finder = load_model(detector, weights.ensure(detector))
    for card in cards:
        if isinstance(card.output, EmbeddingOutput):
            try:
                _report(card, finder, load_model(card, weights.ensure(card)), media)
            except ModelUnavailable as error:
                print(f"\n{card.name} is left out: {error}")
    return 0


def _report(card: Card, finder: Model, embedder: Model, media: Path) -> None:
    faces = all_faces(finder, embedder, media)
    pairs = Pairs.of(faces)
    print(f"\n{card.name}: {len(faces)} faces of {len({f.person for f in faces})} people found by {finder.card.name}")
    print(f"{len(pairs.same):,} pairs of one person in two files, {len(pairs.other):,} of two people")
    print(f"area under the ROC {pairs.area():.4f}\n\nsimilarity  one person  two people")
    for threshold in sorted({*THRESHOLDS.round(2), card.min_confidence}):
        mark = "  <- the card's" if threshold == card.min_confidence else ""
        print(f"{threshold:10.2f}  {pairs.accepted(threshold):10.4f}  {pairs.false_accepted(threshold):10.5f}{mark}")
    over = [pair for pair, likest in pairs.likest.items() if likest >= card.min_confidence]
    print(f"of {len(pairs.likest)} pairs of two people, any two of their faces reach the card's in {len(over)}: {over}")
    _promise(card, faces)
    _cost(card, embedder)


def _promise(card: Card, faces: Sequence[Face]) -> None:
    for enrolled_in in (0, 1):
        print(f"\nenrolled by the best face of the {'first' if enrolled_in == 0 else 'second'} file, "
              f"frontal faces (from {FRONTAL}) of the others:")  # fmt: skip
        for seen in trial(faces, enrolled_in, card.min_confidence):
            print(
                f"  {seen.file:58} {seen.person:20} {seen.frames:4} frames, {seen.right:4} right, {seen.wrong:3} wrong"
            )
        for who in KNOWN:
            lost = trial(faces, enrolled_in, card.min_confidence, without=who)
            frames, wrong = sum(seen.frames for seen in lost), sum(seen.wrong for seen in lost)
            print(f"  {who} not enrolled: {wrong} of {frames} frames get another's name")


def _cost(card: Card, embedder: Model) -> None:
    side = card.input.width if card.input else 112
    blank = [np.zeros((side, side, 3), np.uint8)] * 8
    embedder.predict(blank)
    began = time.process_time()
    for _ in range(5):
        embedder.predict(blank)
    each = (time.process_time() - began) / 40 * 1000
    size = card.output.dimensions if isinstance(card.output, EmbeddingOutput) else 0
    print(f"\none thread: {each:.1f} ms of processor time a face for its vector of {size}")
    command = (sys.executable, "-m", "benchmarks.identification.cost", str(size))
    subprocess.run(command, check=True, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"})


if __name__ == "__main__":
    sys.exit(main())
