from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.yardstick.footage import Footage
from benchmarks.yardstick.works import names, work


@pytest.fixture
def footage(tmp_path: Path) -> Footage:
    """Clips out of two sources of six frames of 4:3: one of ever brighter greys, one of ever darker ones."""
    sources = []
    for name, greys in (("up", range(0, 120, 20)), ("down", range(240, 120, -20))):
        path = tmp_path / f"{name}.mp4"
        with av.open(str(path), "w") as out:
            stream = out.add_stream("libx264", rate=10, options={"crf": "1"})
            stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
            for grey in greys:
                out.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((120, 160, 3), grey, np.uint8))))
            out.mux(stream.encode())
        sources.append(path)
    return Footage(tmp_path / "clips", tuple(sources))


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


def test_a_work_says_what_there_is_to_do(footage: Footage) -> None:
    short = work("objects-480p-short", footage, size=0.02)
    assert (short.name, short.frames, len(set(short.clips))) == ("objects-480p-short-40", 40, 40)
    long = work("all-480p-long", footage, size=0.1)
    assert (long.name, long.frames, len(long.clips), len(long.tasks)) == ("all-480p-long-56", 56, 1, 4)
    assert len(names()) == 8
