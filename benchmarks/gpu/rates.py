"""Owns frames a second: of a network alone, of its model over decoded pictures, and of the analysis of JPEGs."""

import time
from collections.abc import Callable, Iterator, Sequence

from inference.ahead import Ahead, Alone, Beside
from inference.analyzer import Analyzer
from inference.arrays import Image
from inference.cards import Card
from inference.images import decode_jpeg
from inference.models import Foreseeing, Model
from inference.prepared import prepare
from inference.runtimes import Runtime
from pipeline.contracts.frames import Frame

CHUNKS = 8
"""Batches of one measurement: as many as a worker has from Spark at a time."""


def rate(step: Callable[[], int], seconds: float) -> float:
    """Frames a second of `step`, which says how many frames it did; it is run once before."""
    step()
    began, frames = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < seconds or not frames:
        frames += step()
    return frames / spent


def network(runtime: Runtime, images: Sequence[Image], batch: int) -> Callable[[], int]:
    """The network alone: its input lies ready, what it answers is brought back and not looked at."""
    [ready] = prepare(runtime.input, [images[i % len(images)] for i in range(batch)], batch)

    def step() -> int:
        runtime.run({runtime.input.name: ready.tensor})
        return batch

    return step


def model(detector: Model, images: Sequence[Image], batch: int, threads: int) -> Callable[[], int]:
    """The model fed from decoded pictures: scaled beside the network's work, with its findings."""
    ahead: Ahead = Beside(threads) if threads else Alone()
    batches = [[images[(start + i) % len(images)] for i in range(batch)] for start in range(0, CHUNKS * batch, batch)]

    def expected(pictures: list[Image]) -> list[Image]:
        own = [picture.view() for picture in pictures]
        if threads and isinstance(detector, Foreseeing):
            detector.expect(own, ahead)
        return own

    def step() -> int:
        return sum(len(detector.predict(pictures)) for pictures in ahead.prepared(expected, batches))

    return step


def analysis(analyzer: Analyzer, frames: Sequence[Frame]) -> Callable[[], int]:
    """The analysis of frames as workers have them: JPEGs in, results out."""
    return lambda: len(analyzer.analyze(frames))


def decoded(jpegs: Sequence[bytes]) -> list[Image]:
    """Their pictures."""
    return [decode_jpeg(jpeg) for jpeg in jpegs]


def sizes(card: Card, most: int) -> Iterator[int]:
    """1, 8, 16, … up to what the card lets a GPU take."""
    limit = min(most, card.batch.max_gpu or card.batch.max)
    yield from (size for size in (1, 8, 16, 32, 64, 128, 256) if size <= limit)
