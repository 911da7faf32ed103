"""Owns the bare programs: decode, JPEG, model, and nothing between. Results stay in memory."""

import multiprocessing as mp
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from multiprocessing.queues import Queue as MpQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from inference.cards import read_cards
from inference.images import MAX_PIXELS, decode_jpeg
from inference.models import Model, load_model
from inference.runtimes import Compute
from inference.weights import Weights
from ingest.decode.picture import Encoder
from pipeline.contracts.results import TaskName
from pipeline.contracts.settings import PathSettings

QUALITY, MOST_HEIGHT, MOST_BYTES = 85, 720, 950_000
SQUARE = Fraction(1)
QUEUED = 64
START_SECONDS = 120.0
Found = dict[int, list[tuple[str, float]]]


def objects_model() -> Model:
    """The objects model of Framewise, on one thread."""
    paths = PathSettings()
    card = min((c for c in read_cards(paths.models_dir) if c.task is TaskName.OBJECTS), key=lambda c: c.preference)
    model = load_model(card, Weights(paths.weights_dir, paths.mirror).ensure(card), Compute(gpu=False, threads=1))
    model.predict([np.zeros((576, 768, 3), np.uint8)])
    return model


def jpegs(video: Path, wanted: Callable[[int], bool]) -> Iterator[tuple[int, bytes]]:
    """The JPEG of each wanted frame, by 1-based number."""
    encoder = Encoder(MOST_HEIGHT, QUALITY, MOST_BYTES)
    with av.open(str(video)) as container:
        for number, frame in enumerate(container.decode(video=0), start=1):
            if wanted(number):
                yield number, encoder.encode(frame, SQUARE)[0]


def _found(model: Model, jpeg: bytes) -> list[tuple[str, float]]:
    (detections,) = model.predict([decode_jpeg(jpeg, MAX_PIXELS)])
    return [(d.label, d.confidence) for d in detections]


def _alone(video: Path, share: int, shares: int, start: Barrier, answers: "MpQueue[Any]") -> None:
    cv2.setNumThreads(1)
    model = objects_model()
    start.wait(START_SECONDS)
    answers.put({n: _found(model, jpeg) for n, jpeg in jpegs(video, lambda n: n % shares == share)})


def _decoder(video: Path, start: Barrier, work: "MpQueue[Any]", workers: int) -> None:
    cv2.setNumThreads(1)
    start.wait(START_SECONDS)
    for item in jpegs(video, lambda number: True):
        work.put(item)
    for _ in range(workers):
        work.put(None)


def _pooled(work: "MpQueue[Any]", start: Barrier, answers: "MpQueue[Any]") -> None:
    cv2.setNumThreads(1)
    model = objects_model()
    start.wait(START_SECONDS)
    found: Found = {}
    while (item := work.get()) is not None:
        found[item[0]] = _found(model, item[1])
    answers.put(found)


def process_a_core(video: Path, cores: int) -> tuple[float, Found]:
    """Each process decodes the whole video and takes every `cores`-th frame; seconds, and what was found."""
    context = mp.get_context("spawn")
    start, answers = context.Barrier(cores + 1), context.Queue()
    processes = [
        context.Process(target=_alone, args=(video, share, cores, start, answers), daemon=True)
        for share in range(cores)
    ]
    return _timed(processes, start, answers, cores)


def decoder_and_pool(video: Path, cores: int) -> tuple[float, Found]:
    """One process decodes and encodes, `cores` processes take JPEGs from its queue; seconds, and what was found."""
    context = mp.get_context("spawn")
    start, answers, work = context.Barrier(cores + 2), context.Queue(), context.Queue(QUEUED)
    processes = [context.Process(target=_decoder, args=(video, start, work, cores), daemon=True)]
    processes += [context.Process(target=_pooled, args=(work, start, answers), daemon=True) for _ in range(cores)]
    return _timed(processes, start, answers, cores)


def _timed(processes: list[Any], start: Barrier, answers: "MpQueue[Any]", count: int) -> tuple[float, Found]:
    for process in processes:
        process.start()
    start.wait(START_SECONDS)
    began = time.perf_counter()
    found: Found = {}
    for _ in range(count):
        found |= answers.get(timeout=3600)
    seconds = time.perf_counter() - began
    for process in processes:
        process.join(30)
    return seconds, found
