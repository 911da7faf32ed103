"""Which rows a query wants, and which of two rows for one frame stays."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from pipeline.contracts.results import Detection, ResultRow, ResultStatus, TaskName
from pipeline.contracts.videos import LedgerCount
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.results import count, rows_of, write_timestamp
from pipeline.stores.rows import ResultQuery, RowPlace
from tests.unit.factories import a_result, analyzed, dog

CAT = Detection("cat", 0.4)
ROW = next(rows_of(analyzed(UUID(int=1), 11, a_result([dog(0.9), CAT, dog(0.2)]))))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (ResultQuery(), ROW.detections),
        (ResultQuery(tasks=frozenset({TaskName.OBJECTS})), ROW.detections),
        (ResultQuery(tasks=frozenset()), None),
        (ResultQuery(tasks=frozenset({TaskName.FACES})), None),
        (ResultQuery(model="yolox_nano"), ROW.detections),
        (ResultQuery(model="yolox"), None),
        (ResultQuery(label="cat"), (CAT,)),
        (ResultQuery(label="Dog"), None),
        (ResultQuery(min_confidence=0.4), (dog(0.9), CAT)),
        (ResultQuery(min_confidence=0.0), ROW.detections),
        (ResultQuery(min_confidence=0.91), None),
        (ResultQuery(label="dog", min_confidence=0.5), (dog(0.9),)),
        (ResultQuery(time_from=1.0, time_to=1.0), ROW.detections),
        (ResultQuery(time_from=1.01), None),
        (ResultQuery(time_to=0.99), None),
        (ResultQuery(frame_from=11, frame_to=11), ROW.detections),
        (ResultQuery(frame_from=12), None),
        (ResultQuery(frame_to=10), None),
    ],
    ids=range(18),
)
def test_a_query_wants(query: ResultQuery, found: tuple[Detection, ...] | None) -> None:
    assert query.narrow(ROW) == (None if found is None else replace(ROW, detections=found))


def test_a_row_without_findings_is_wanted_unless_findings_are_asked_for() -> None:
    empty = replace(ROW, detections=(), status=ResultStatus.FAILED, error="no")
    assert ResultQuery().narrow(empty) == empty
    assert ResultQuery(min_confidence=0.0).narrow(empty) is None


def test_a_good_row_is_newer_than_a_failed_one_of_the_same_attempt() -> None:
    assert write_timestamp(5, failed=True) < write_timestamp(5, failed=False) < write_timestamp(7, failed=True)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_the_newest_and_best_row_stays(order: tuple[int, ...]) -> None:
    video_id, store = uuid4(), InMemoryResultStore()
    tries = [
        (analyzed(video_id, 1, a_result([CAT])), 10),
        (analyzed(video_id, 1, a_result(error="no")), 20),
        (analyzed(video_id, 1, a_result([dog()])), 20),
    ]
    for frame, at in (tries[n] for n in order):
        store.save([frame], {video_id: at})
    assert store.frame(video_id, 1) == tuple(rows_of(tries[2][0]))
    assert (count(store, video_id), store.outcomes(video_id, 0)) == (LedgerCount(1), {1: False})


def test_pages_join() -> None:
    video_id, store = uuid4(), InMemoryResultStore()
    frames = [analyzed(video_id, n, a_result(), a_result(task=TaskName.FACES)) for n in (1, 2, 1000, 1001)]
    store.save(frames, {video_id: 1})
    found: list[ResultRow] = []
    after: RowPlace | None = None
    while True:
        page = store.page(video_id, ResultQuery(), 3, after)
        found += page.rows
        if (after := page.next) is None:
            break
    assert [(r.frame_number, r.task) for r in found] == sorted(
        (f.frame_number, r.task) for f in frames for r in f.results
    )
