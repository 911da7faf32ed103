"""The plain values: states, sampling, ranges, settings, errors."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contracts import errors
from pipeline.contracts.errors import Conflict, FramewiseError, Problem
from pipeline.contracts.settings import IngestSettings, PathSettings
from pipeline.contracts.videos import (
    TERMINAL,
    TRANSITIONS,
    FrameRange,
    Sampling,
    VideoStatus,
    check_transition,
    predecessors,
    ranges,
)


def test_an_ended_video_stays_ended() -> None:
    assert all(not TRANSITIONS[status] for status in TERMINAL)
    for status in TERMINAL:
        with pytest.raises(Conflict):
            check_transition(status, VideoStatus.PROCESSING)
    check_transition(VideoStatus.PENDING, VideoStatus.PROCESSING)


def test_completed_comes_from_processing_only() -> None:
    assert predecessors(VideoStatus.COMPLETED) == (VideoStatus.PROCESSING,)
    assert set(predecessors(VideoStatus.CANCELLED)) == {VideoStatus.PENDING, VideoStatus.PROCESSING}


@pytest.mark.parametrize(
    "wrong",
    [
        {"frame_step": None},
        {"frame_step": 2, "sample_seconds": 1.0},
        {"frame_step": 0},
        {"frame_step": None, "frame_ratio": 0.0},
        {"frame_step": None, "frame_ratio": 1.1},
        {"frame_step": None, "sample_seconds": 0.0},
        {"start_time": -1.0},
        {"start_time": 5.0, "end_time": 5.0},
    ],
)
def test_sampling_that_makes_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must|exactly"):
        Sampling(**wrong)  # type: ignore[arg-type]


def test_ranges_hold_no_frame_that_is_there() -> None:
    sampled = [1, 6, 11, 16, 21, 26]
    assert ranges(sampled, [6, 11, 26]) == (FrameRange(6, 11), FrameRange(26, 26))
    assert ranges(sampled, []) == ()


@given(st.sets(st.integers(1, 200)), st.sets(st.integers(1, 200)))
def test_ranges_cover_exactly_what_is_missing(sampled: set[int], lost: set[int]) -> None:
    order = sorted(sampled)
    gone = [n for n in order if n in lost]
    found = ranges(order, gone)
    assert [n for r in found for n in order if r.first <= n <= r.last] == gone
    assert all(a.last < b.first for a, b in pairwise(found))


def test_every_error_has_a_name_and_becomes_a_problem() -> None:
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, FramewiseError)]
    assert len({k.type for k in kinds}) == len(kinds)
    assert Conflict("no").problem == Problem("conflict", "Not possible in this state", "no")
    drawn = errors.__doc__ or ""
    assert all(k.__name__ in drawn for k in kinds)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRAMEWISE_MIRROR", "mirror")
    monkeypatch.setenv("FRAMEWISE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FRAMEWISE_ALLOWED_HOSTS", "127.0.0.1:8080, nas.local ,")
    assert PathSettings().mirror == tmp_path / "mirror"
    assert PathSettings().frames_dir == tmp_path / "data" / "frames"
    assert IngestSettings().allowed_hosts == ("127.0.0.1:8080", "nas.local")
