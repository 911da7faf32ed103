"""Owns which frames are taken: by step, ratio or seconds, between a start and an end. Pure."""

import math
from collections.abc import Callable
from enum import Enum
from fractions import Fraction

from pipeline.contracts.videos import Sampling

Rule = Callable[[int, Fraction], bool]


class Take(Enum):
    """What becomes of a decoded frame."""

    YES = "sampled"
    NO = "not sampled"
    END = "beyond the end: it and all that follow are not sampled"


class Sampler:
    """Decides frame by frame; ask once for every decoded frame, in order, with exact media times.

    The first frame at or after `start_time` is always taken and the rule counts from it; frames at or after
    `end_time` are not. Frame numbers stay decode indexes whatever the start.
    """

    def __init__(self, sampling: Sampling) -> None:
        self._start = _exact(sampling.start_time or 0)
        self._end = None if sampling.end_time is None else _exact(sampling.end_time)
        self._rule = _rule(sampling, self._start)
        self._seen = 0

    def take(self, media_time: Fraction) -> Take:
        """Whether the next frame is sampled; `media_time` is seconds from the video's first frame."""
        if self._end is not None and media_time >= self._end:
            return Take.END
        if media_time < self._start:
            return Take.NO
        index, self._seen = self._seen, self._seen + 1
        return Take.YES if self._rule(index, media_time) else Take.NO


def spacing(sampling: Sampling, rate: Fraction) -> Fraction:
    """About how many frames it is from one sampled frame to the next, at so many frames a second."""
    if sampling.frame_step is not None:
        return Fraction(sampling.frame_step)
    if sampling.frame_ratio is not None:
        return 1 / _exact(sampling.frame_ratio)
    assert sampling.sample_seconds is not None
    return _exact(sampling.sample_seconds) * rate


def _exact(value: float) -> Fraction:
    """The number as it was written: 0.1 is a tenth, not the binary fraction nearest to it."""
    return Fraction(repr(value))


def _rule(sampling: Sampling, start: Fraction) -> Rule:
    if sampling.frame_step is not None:
        return _by_step(sampling.frame_step)
    if sampling.frame_ratio is not None:
        return _by_ratio(_exact(sampling.frame_ratio))
    assert sampling.sample_seconds is not None
    return _by_seconds(_exact(sampling.sample_seconds), start)


def _by_step(step: int) -> Rule:
    return lambda index, _: index % step == 0


def _by_ratio(ratio: Fraction) -> Rule:
    """Of the first n frames, ceil(n · ratio) are taken, spread evenly."""
    return lambda index, _: math.ceil((index + 1) * ratio) > math.ceil(index * ratio)


def _by_seconds(interval: Fraction, start: Fraction) -> Rule:
    """The first frame at or after each start + k · interval; a gap that passes several gives one frame."""
    due = 0

    def rule(index: int, media_time: Fraction) -> bool:
        nonlocal due
        passed = (media_time - start) // interval
        if index > 0 and passed < due:
            return False
        due = passed + 1
        return True

    return rule
