from pathlib import Path

import av

from benchmarks.yardstick.footage import Footage
from benchmarks.yardstick.works import names, work


def greys(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert {frame.shape for frame in frames} == {(90, 160)}
    return [20 * round(float(frame.mean()) / 20) for frame in frames]


def test_a_clip_is_a_part_of_one_source_and_the_next_of_another(footage: Footage) -> None:
    assert greys(footage.clip(90, 3, 0, mixed=False)) == [0, 20, 40]
    assert greys(footage.clip(90, 3, 1, mixed=False)) == [240, 220, 200]
    assert greys(footage.clip(90, 4, 2, mixed=False)) == [80, 100, 0, 20]


def test_a_long_clip_has_a_part_of_each_source(footage: Footage) -> None:
    assert greys(footage.clip(90, 5, 0, mixed=True)) == [0, 20, 40, 240, 220]


def test_a_clip_is_made_once(footage: Footage) -> None:
    made = footage.clip(90, 3, 0, mixed=False)
    before = made.stat().st_mtime_ns
    assert footage.clip(90, 3, 0, mixed=False) == made
    assert made.stat().st_mtime_ns == before


class Unmade(Footage):
    """Names clips without making them."""

    def clip(self, lines: int, frames: int, number: int, *, mixed: bool) -> Path:
        return self.folder / f"{lines}-{frames}-{number}-{mixed}"


def test_a_work_says_what_there_is_to_do() -> None:
    footage = Unmade(Path("clips"), ())
    short = work("objects-480p-short", footage, size=0.1)
    assert (short.name, short.frames, len(set(short.clips))) == ("objects-480p-short-200", 200, 40)
    assert short.clips[7] == Path("clips/480-5-7-False")
    long = work("all-1080p-long", footage, size=0.1)
    assert (long.name, long.frames, len(long.tasks)) == ("all-1080p-long-120", 120, 4)
    assert long.clips == (Path("clips/1080-120-0-True"),)
    assert len(names()) == 8


def test_a_work_has_a_frame_a_clip_at_least() -> None:
    assert work("objects-480p-short", Unmade(Path("clips"), ()), size=0.001).frames == 40
