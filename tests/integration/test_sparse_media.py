"""Decoding the wanted frames of real files alone: as if all had been decoded. Needs the folder of FRAMEWISE_MIRROR."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline.contracts.settings import PathSettings
from pipeline.contracts.videos import Sampling
from tests.integration.test_ingest_media import media
from tests.unit.ingest.decoding import decoded
from tests.unit.ingest.wholly import chosen_frames, every_frame, surveyed

FOLDERS = ("video", "ident", "odd")
SUFFIXES = frozenset({".mp4", ".mkv", ".webm", ".mov", ".avi"})
NO_VIDEO = frozenset({"text_named.mp4", "truncated_no_moov.mp4", "zero_length.mp4"})
SHORT = ("odd/vfr_woman_dog.mp4", "odd/h265_10bit.mp4", "odd/av1.mkv", "odd/nasa_two_video_streams_subs.mp4")
DAMAGED = ("odd/corrupted_decord.mp4", "odd/truncated_decodes_partly.mkv")
NOT_REGULAR = frozenset(
    {
        "video/people_vtest.avi",
        "odd/mpeg4_mp3.avi",
        "odd/ogg_named.mkv",
        "odd/tiny_50x50.mp4",
        "odd/truncated_decodes_partly.mkv",
    }
)


def every_video() -> list[str]:
    """The names of the mirror's videos; none without it."""
    mirror = PathSettings().mirror
    if mirror is None or not (mirror / "media").is_dir():
        return []
    found = (path for folder in FOLDERS for path in sorted((mirror / "media" / folder).iterdir()))
    return [f"{p.parent.name}/{p.name}" for p in found if p.suffix in SUFFIXES and p.name not in NO_VIDEO]


def check_as_if_all(path: Path, step: int) -> None:
    """Every `step`-th frame is, in time and pixels, what it is when all are decoded."""
    everything = every_frame(path)
    wanted = range(1, len(everything) + 1, step)
    assert chosen_frames(path, wanted) == {number: everything[number - 1] for number in wanted}


@pytest.mark.parametrize("name", SHORT)
def test_a_few(name: str) -> None:
    check_as_if_all(media(name), 30)


@pytest.mark.slow
@pytest.mark.parametrize("step", [7, 50])
@pytest.mark.parametrize("name", sorted({*every_video()} - {*DAMAGED} - NOT_REGULAR))
def test_every_video_of_the_mirror(name: str, step: int) -> None:
    check_as_if_all(media(name), step)


@pytest.mark.parametrize("name", sorted(NOT_REGULAR))
def test_which_are_not_regular(name: str) -> None:
    assert surveyed(media(name)) is None


@pytest.mark.parametrize("name", DAMAGED)
def test_of_a_damaged_file_the_same_is_kept(name: str) -> None:
    whole, sparse = (decoded(media(name), sampling=Sampling(frame_step=step), frame_height=120) for step in (1, 6))
    assert whole.end is not None
    assert sparse.end is not None
    assert sparse.frames == whole.frames[::6]
    assert (sparse.end.warnings, sparse.end.frames_decoded) == (whole.end.warnings, whole.end.frames_decoded)


@pytest.mark.slow
def test_damage_never_stops_a_decoder_for_good() -> None:
    """Its threads complain while the decoder is given back; many at once, since it was seen in one of fifteen."""
    with ThreadPoolExecutor(6) as pool:
        sparse = Sampling(frame_step=6)
        several = [pool.submit(decoded, media(DAMAGED[0]), sampling=sparse, frame_height=120) for _ in range(60)]
        assert len({len(one.result().frames) for one in several}) == 1


def test_seconds_of_a_variable_rate() -> None:
    path = media("odd/vfr_woman_dog.mp4")
    whole = decoded(path, frame_height=120)
    by_number = {frame.frame_number: frame for frame in whole.frames}
    sparse = decoded(path, frame_height=120, sampling=Sampling(frame_step=None, sample_seconds=1.5))
    assert len(sparse.frames) > 3
    assert sparse.frames == [by_number[number] for number in sparse.numbers]
