"""Owns the labelled walkers: who is where, what a detector found, and how well tracks agree with the labels."""

import csv
import gzip
import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from pipeline.contracts.regions import Line
from pipeline.contracts.results import AnalyzedFrame, Box, Detection, FrameResult, ResultStatus, TaskName
from pipeline.contracts.settings import ROOT
from tests.unit.factories import T0
from tracking.findings import overlap

FOLDER = ROOT / "tests" / "data" / "walkers"
WIDTH, HEIGHT, FRAMES, RATE = 768, 576, 795, 10
SAME = 0.4
"""A track's box that overlaps a walker's so far (IoU) shows that walker."""
LINE = Line("path", ((290 / WIDTH, 130 / HEIGHT), (290 / WIDTH, 380 / HEIGHT)))


@dataclass
class Agreement:
    """How tracks agree with the labels, in numbers of frames' walkers, and of times."""

    walkers: int = 0
    missed: int = 0
    extra: int = 0
    switches: int = 0
    fragments: int = 0
    names: dict[str, list[str]] = field(default_factory=dict)


def labels() -> dict[int, dict[str, Box]]:
    """For each labelled frame: where each walker is."""
    by_walker: defaultdict[str, list[tuple[int, list[float]]]] = defaultdict(list)
    with (FOLDER / "labels.csv").open() as file:
        for row in csv.DictReader(file):
            corners = [float(row[name]) for name in ("left", "top", "right", "bottom")]
            by_walker[row["walker"]].append((int(row["frame"]), corners))
    found: defaultdict[int, dict[str, Box]] = defaultdict(dict)
    for walker, keys in by_walker.items():
        for (first, start), (last, end) in itertools.pairwise(keys):
            for frame in range(first, last + 1):
                share = (frame - first) / (last - first)
                left, top, right, bottom = (a + share * (b - a) for a, b in zip(start, end, strict=True))
                box = Box(left / WIDTH, top / HEIGHT, (right - left) / WIDTH, (bottom - top) / HEIGHT)
                found[frame][walker] = box
    return dict(sorted(found.items()))


def crossings() -> tuple[int, int]:
    """How many walkers cross the line to the left of the picture, and to its right."""
    with (FOLDER / "crossings.csv").open() as file:
        sides = [row["to"] for row in csv.DictReader(file)]
    return sides.count("left"), sides.count("right")


def found(video_id: UUID, step: int = 1, path: Path = FOLDER / "found.csv.gz") -> Iterator[AnalyzedFrame]:
    """What the detector found in every `step`-th frame, as the analysis stores it."""
    by_frame: defaultdict[int, list[Detection]] = defaultdict(list)
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            box = Box(*(float(row[name]) for name in ("x", "y", "width", "height")))
            by_frame[int(row["frame"])].append(Detection(row["label"], float(row["confidence"]), box))
    for number in range(1, FRAMES + 1, step):
        result = FrameResult(
            TaskName.OBJECTS, "yolox_nano", "ab" * 32, ResultStatus.OK, None, 0.0, tuple(by_frame[number])
        )
        yield AnalyzedFrame(video_id, 1, number, (number - 1) / RATE, None, "", T0, T0, None, (result,))


def agreement(tracked: Mapping[int, Sequence[tuple[str, Box]]], step: int = 1) -> Agreement:
    """Identity switches and fragments of people's tracks, by frame, as CLEAR MOT counts them (Bernardin, 2008)."""
    counted, last, away = Agreement(), dict[str, str](), set[str]()
    for frame, walkers in labels().items():
        if (frame - 1) % step:
            continue
        matched = _match(walkers, tracked.get(frame, ()), last)
        counted.walkers += len(walkers)
        counted.missed += len(walkers) - len(matched)
        counted.extra += len(tracked.get(frame, ())) - len(matched)
        for walker in walkers:
            if walker not in matched:
                away |= {walker} & last.keys()
                continue
            counted.switches += last.get(walker, matched[walker]) != matched[walker]
            counted.fragments += walker in away
            away.discard(walker)
            last[walker] = matched[walker]
            if matched[walker] not in counted.names.setdefault(walker, []):
                counted.names[walker].append(matched[walker])
    return counted


def _match(walkers: Mapping[str, Box], tracks: Sequence[tuple[str, Box]], last: Mapping[str, str]) -> dict[str, str]:
    """Who is shown by which track: those that were so before first, then by overlap."""
    pairs = sorted(
        (
            (last.get(walker) == name, overlap(box, shown), walker, name)
            for walker, box in walkers.items()
            for name, shown in tracks
        ),
        reverse=True,
    )
    matched: dict[str, str] = {}
    for _, shared, walker, name in pairs:
        if shared >= SAME and walker not in matched and name not in matched.values():
            matched[walker] = name
    return matched
