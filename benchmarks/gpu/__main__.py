"""Owns the benchmark of the GPU's way: rates by batch size, and feeds, on a GPU and on this processor in one run.

    FRAMEWISE_MIRROR=… .venv-gpu/bin/python -m benchmarks.gpu [--device gpu|cpu] [--seconds 5]

On a bare machine, with the source tree and a mirror's folder beside it: `./run.sh --gpu` makes `.venv-gpu`. With
`--device cpu` the GPU's way is rehearsed on the processor: that shows that it works, and nothing about a GPU.
"""

import argparse
import statistics
import sys
import uuid
from collections.abc import Callable

from benchmarks.gpu import feeds, rates
from benchmarks.models.frames import CLIPS, jpegs
from inference.analyzer import FRAMES_ON_CPU, FRAMES_ON_GPU, Analyzer
from inference.cards import read_cards
from inference.models import load_model
from inference.runtimes import Compute, load_runtime
from inference.weights import Weights
from pipeline.contracts.errors import ModelUnavailable
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import TaskName, TaskRequest
from pipeline.contracts.settings import PathSettings

FPS = 25.0
GOAL = 0.85


def main() -> int:
    """Measure and print; 1 when there is no GPU, or the analysis of JPEGs is below its share of the model's rate."""
    options = _parser().parse_args()
    paths = PathSettings()
    if paths.mirror is None:
        print("FRAMEWISE_MIRROR has to name a folder with the clips, under media/video/", file=sys.stderr)
        return 1
    rehearsal = options.device == "cpu"
    try:
        beside = Analyzer(paths.models_dir, paths.weights_dir, paths.mirror, gpu=True, rehearsal=rehearsal)
        pictures = jpegs(CLIPS[options.clip], paths.mirror, options.frames)
        ratio = _rates(paths, beside, pictures, options, Compute(gpu=True, rehearsal=rehearsal))
    except ModelUnavailable as error:
        print(f"error: {error}; --device cpu rehearses on the processor", file=sys.stderr)
        return 1
    _feeds(paths, beside, pictures, options)
    return 0 if rehearsal or ratio >= GOAL else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu")
    parser.add_argument("--device", choices=("gpu", "cpu"), default="gpu")
    parser.add_argument("--clip", type=int, choices=range(len(CLIPS)), default=0, help="which of the clips")
    parser.add_argument("--frames", type=int, default=128, help="different frames of it")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=FRAMES_ON_GPU, help="the largest")
    parser.add_argument("--threads", type=int, default=8, help="that scale pictures beside the GPU")
    return parser


def _rates(
    paths: PathSettings, analyzer: Analyzer, pictures: list[bytes], options: argparse.Namespace, compute: Compute
) -> float:
    """The table of rates; the share of the model's rate that the analysis of JPEGs reaches with the largest batch."""
    card = next(card for card in read_cards(paths.models_dir) if card.task is TaskName.OBJECTS)
    weights = Weights(paths.weights_dir, paths.mirror).ensure(card)
    images = rates.decoded(pictures)
    frames = _frames([pictures[i % len(pictures)] for i in range(rates.CHUNKS * options.batch)])
    share = 0.0
    print(f"{card.name}, {images[0].shape[1]}×{images[0].shape[0]}, frames a second, medians of {options.rounds}\n")
    print("| batch | network alone | model, from decoded frames | analysis, from JPEGs |\n|---|---|---|---|")
    for size in rates.sizes(card, options.batch):
        limited = card.model_copy(update={"batch": card.batch.model_copy(update={"max_gpu": size})})
        contenders = {
            "network": rates.network(load_runtime(limited, weights, compute), images, size),
            "model": rates.model(load_model(limited, weights, compute), images, size, options.threads),
        }
        if size == options.batch:
            contenders["analysis"] = rates.analysis(analyzer, frames)
        found = _medians(contenders, options.rounds, options.seconds)
        share = found.get("analysis", 0.0) / found["model"]
        row = [f"{found[name]:.1f}" if name in found else "" for name in ("network", "model", "analysis")]
        print(f"| {size} | {' | '.join(row)} |", flush=True)
    print(f"\nfrom JPEGs {share:.2f} of the model's rate from decoded frames (goal: {GOAL})", flush=True)
    return share


def _medians(contenders: dict[str, Callable[[], int]], rounds: int, seconds: float) -> dict[str, float]:
    """Each round measures each once, so that a slow minute is slow for all."""
    told: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, step in contenders.items():
            told[name].append(rates.rate(step, seconds))
    return {name: statistics.median(values) for name, values in told.items()}


def _feeds(paths: PathSettings, beside: Analyzer, pictures: list[bytes], options: argparse.Namespace) -> None:
    """How many feeds the GPU holds, and one worker on the processor."""
    frames = _frames(pictures)
    usual = Analyzer(paths.models_dir, paths.weights_dir, paths.mirror)
    for name, analyzer, together in (("GPU", beside, FRAMES_ON_GPU), ("one worker on a core", usual, FRAMES_ON_CPU)):
        print(f"\n{name}: feeds of {FPS:g} frames a second, objects")
        most, late = feeds.held(analyzer, frames, FPS, options.seconds, together)
        print(f"{name}: {most} feeds within the goal (p50 {late.p50:.2f} s, p95 {late.p95:.2f} s)", flush=True)


def _frames(pictures: list[bytes]) -> list[Frame]:
    """Frames that ask for objects."""
    asked = (TaskRequest(TaskName.OBJECTS),)
    return [Frame(uuid.UUID(int=1), 1, n, 0.0, None, 0, 0, asked, jpeg) for n, jpeg in enumerate(pictures, start=1)]


if __name__ == "__main__":
    sys.exit(main())
