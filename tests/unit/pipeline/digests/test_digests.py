"""Digests of rows: what is counted where, colours on their grid, and bytes that are none."""

import zlib
from uuid import UUID

import numpy as np
import pytest

from pipeline.contracts.errors import RecordInvalid
from pipeline.contracts.results import Detection, TaskName
from pipeline.digests.codec import decode, encode
from pipeline.digests.colors import cell_of
from pipeline.digests.digest import Digest, Sightings, Track, digest_of, sightings
from pipeline.digests.totals import LabelTotal, summed, totals_of
from pipeline.stores.results import rows_of
from tests.unit.factories import a_result, analyzed, dog

FACES, EMOTIONS, OBJECTS, COLORS, _ = TaskName
ID = UUID(int=1)


@pytest.fixture
def digest() -> Digest:
    """Three frames of the second bucket."""
    frames = [
        analyzed(ID, 1001, a_result([dog(0.5), dog(0.75)]), a_result([Detection("#010203", 0.5)], COLORS)),
        analyzed(ID, 1003, a_result([], error="no"), a_result([dog(0.25)], FACES)),
        analyzed(ID, 2000, a_result([dog(0.125)])),
    ]
    return digest_of(1, (row for frame in frames for row in rows_of(frame)))


def test_findings_are_told_apart_by_task_and_frame(digest: Digest) -> None:
    found = {(s.task, s.label): s for s in sightings(digest, digest.findings)}
    assert list(found) == [(FACES, "dog"), (OBJECTS, "dog"), (COLORS, "#000000")]
    objects: Sightings = found[OBJECTS, "dog"]
    assert objects.at.tolist() == [0, 999]
    assert objects.counts.tolist() == [2, 1]
    assert objects.best.tolist() == [0.75, 0.125]
    assert objects.total.tolist() == [1.25, 0.125]
    assert (digest.first_number, digest.times[999]) == (1001, 199.9)
    assert np.isnan(digest.times[1])


def test_frames_are_analysed_or_failed(digest: Digest) -> None:
    assert digest.analysed(OBJECTS).tolist() == [0, 999]
    assert digest.analysed(OBJECTS, ok=False).tolist() == [2]
    assert digest.analysed(EMOTIONS).tolist() == []
    assert digest.tracks[0] == Track(OBJECTS, "yolox_nano", "ab" * 32)


def test_totals_of_buckets_add_up(digest: Digest) -> None:
    other = digest_of(0, rows_of(analyzed(ID, 1, a_result([dog(0.9)]))))
    [first, *_] = summed([*totals_of(digest), *totals_of(other)])
    assert first == LabelTotal(OBJECTS, "yolox_nano", "dog", 3, 0.0, 199.9, 0.9, 1.25 + 0.125 + 0.9)


def test_a_digest_of_nothing_comes_back() -> None:
    empty = decode(encode(digest_of(7, ())))
    assert (empty.bucket, empty.tracks, len(empty.frames), list(sightings(empty, empty.findings))) == (7, (), 0, [])


@pytest.mark.parametrize("data", [b"", b"x", zlib.compress(b""), zlib.compress(b"\0\0\0\x02{}")])
def test_bytes_that_are_no_digest_are_refused(data: bytes) -> None:
    with pytest.raises(RecordInvalid):
        decode(data)


def test_a_digest_that_was_cut_is_refused(digest: Digest) -> None:
    with pytest.raises(RecordInvalid):
        decode(zlib.compress(zlib.decompress(encode(digest))[:-1]))


@pytest.mark.parametrize(
    ("color", "cell"),
    [
        ("#000000", "#000000"),
        ("#191a80", "#003399"),
        ("#7f7f7f", "#666666"),
        ("#ffffff", "#ffffff"),
        ("#E6E5FF", "#ffccff"),
        ("dog", "dog"),
        ("#12345", "#12345"),
    ],
)
def test_a_colour_counts_for_the_nearest_of_the_grid(color: str, cell: str) -> None:
    assert cell_of(color) == cell
