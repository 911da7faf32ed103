"""What a result store promises, asked of the one on Cassandra and of its in-memory twin."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from pipeline.cassandra import result_rows
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.frames import MAX_FRAME_NUMBER, bucket_of
from pipeline.contracts.results import AnalyzedFrame, Box, Detection, FrameResult, ResultRow, ResultStatus, TaskName
from pipeline.contracts.videos import LedgerCount
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.results import BucketSummary, ResultStore, count, rows_of
from pipeline.stores.rows import ResultQuery, RowPlace
from tests.integration.races import race
from tests.unit.factories import T0, a_result, analyzed, dog

AT = 1_700_000_000_000_000
FACES, EMOTIONS, OBJECTS, COLORS, _ = TaskName
EMOTION_NAMES = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")


@pytest.fixture(scope="module")
def on_cassandra(client: CassandraClient) -> CassandraResultStore:
    return CassandraResultStore(client)


@pytest.fixture(scope="module", params=["memory", "cassandra"])
def store(request: pytest.FixtureRequest) -> ResultStore:
    if request.param == "memory":
        return InMemoryResultStore()
    kept: CassandraResultStore = request.getfixturevalue("on_cassandra")
    return kept


def save(store: ResultStore, *frames: AnalyzedFrame, at: int = AT) -> None:
    """Store frames with one write timestamp."""
    store.save(frames, {frame.video_id: at for frame in frames})


def walked(
    store: ResultStore,
    video_id: UUID,
    query: ResultQuery | None = None,
    limit: int = 1000,
    after: RowPlace | None = None,
) -> list[ResultRow]:
    """All rows that are wanted, page by page."""
    found: list[ResultRow] = []
    while True:
        page = store.page(video_id, query or ResultQuery(), limit, after)
        assert len(page.rows) <= limit
        found += page.rows
        if page.next is None:
            return found
        assert after is None or page.next > after
        after = page.next


def rows(*frames: AnalyzedFrame) -> list[ResultRow]:
    """What is to be stored of these frames, in order."""
    return sorted((row for frame in frames for row in rows_of(frame)), key=lambda r: (r.frame_number, r.task))


def a_face(confidence: float = 0.75) -> Detection:
    """A face with its emotions."""
    return Detection(
        "happy", confidence, Box(0.1, 0.2, 1 / 3, 0.4), {name: n / 21 for n, name in enumerate(EMOTION_NAMES)}
    )


def test_a_frame_comes_back_as_it_went(store: ResultStore) -> None:
    video_id = uuid4()
    frame = replace(
        analyzed(
            video_id,
            1,
            a_result([dog(0.1 + 0.2), dog(), Detection("Übergrößenträger 🐕", 1.0, Box(0, 0, 1, 1))]),
            replace(a_result([a_face(), a_face(0)], EMOTIONS), model="标", inference_ms=1 / 7),
            a_result([Detection("#30a0ff", 0.5, None, {"red": 48.0})], COLORS),
            a_result([], FACES, error="it raised: “no”"),
        ),
        captured_at=T0 + timedelta(milliseconds=678),
        media_time=1 / 3,
        worker="höst-1",
    )
    save(store, frame)
    assert walked(store, video_id) == rows(frame)
    assert store.frame(video_id, 1) == tuple(rows(frame))
    assert store.page(uuid4(), ResultQuery(), 5).rows == ()


def test_a_frame_is_found_by_its_number(store: ResultStore) -> None:
    video_id = uuid4()
    numbers = (1, 999, 1000, 1001, 2000, 2001, MAX_FRAME_NUMBER)
    frames = [analyzed(video_id, n, a_result(), a_result(task=FACES)) for n in numbers]
    save(store, *frames)
    for frame in frames:
        assert store.frame(video_id, frame.frame_number) == tuple(rows(frame))
    for nobody in (0, -1, 2, 1002, 3000, MAX_FRAME_NUMBER + 1, 2**53, 2**70):
        assert store.frame(video_id, nobody) == ()


def test_summaries_say_what_is_in_each_bucket(store: ResultStore) -> None:
    video_id = uuid4()
    bad = a_result(error="no")
    numbers: dict[int, bool] = {1: True, 500: False, 1000: True, 1001: False, 7_000_500: True, 7_000_400: True}
    frames = [analyzed(video_id, n, *([] if good else [bad])) for n, good in numbers.items()]
    random.Random(3).shuffle(frames)
    save(store, *frames[:3])
    save(store, *frames[3:])
    wanted = [
        BucketSummary(0, LedgerCount(2, 1), 0.0, 99.9),
        BucketSummary(1, LedgerCount(0, 1), 100.0, 100.0),
        BucketSummary(7000, LedgerCount(2, 0), 700_039.9, 700_049.9),
    ]
    assert store.summaries(video_id) == wanted
    assert count(store, video_id) == LedgerCount(4, 2)
    assert store.outcomes(video_id, 0) == {1: False, 500: True, 1000: False}
    assert list(store.outcomes(video_id, 7000)) == [7_000_400, 7_000_500]
    assert store.outcomes(video_id, 2) == {}
    store.recount(video_id, [0, 1, 2, 7000])
    assert store.summaries(video_id) == wanted
    assert store.summaries(uuid4()) == []


def test_a_batch_holds_frames_of_many_videos(store: ResultStore) -> None:
    frames = [analyzed(uuid4(), n) for n in range(1, 60)]
    save(store, *frames)
    assert all(walked(store, frame.video_id) == rows(frame) for frame in frames)
    save(store)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (analyzed(UUID(int=1), 5, a_result(error="no weights")), "no weights"),
        (analyzed(UUID(int=1), 5, a_result(), a_result(task=FACES, error="it raised")), "it raised"),
        (replace(analyzed(UUID(int=1), 5), error="no JPEG", results=()), "no JPEG"),
        (replace(analyzed(UUID(int=1), 5, a_result(error="late")), error="first"), "first"),
        (analyzed(UUID(int=1), 5), None),
    ],
    ids=["a model", "one of two", "the frame", "both", "nothing"],
)
def test_a_failure_has_its_reason(store: ResultStore, frame: AnalyzedFrame, reason: str | None) -> None:
    video_id = uuid4()
    frame = replace(frame, video_id=video_id)
    save(store, analyzed(video_id, 1), frame, replace(frame, frame_number=2500))
    assert store.failure_reason(video_id) == reason
    assert store.outcomes(video_id, 0) == {1: False, 5: reason is not None}
    assert count(store, video_id) == (LedgerCount(3, 0) if reason is None else LedgerCount(1, 2))
    assert walked(store, video_id) == rows(analyzed(video_id, 1), frame, replace(frame, frame_number=2500))
    assert store.failure_reason(uuid4()) is None


QUERIES = [
    ResultQuery(),
    ResultQuery(tasks=frozenset()),
    ResultQuery(tasks=frozenset({FACES})),
    ResultQuery(tasks=frozenset({OBJECTS, COLORS})),
    ResultQuery(model="yolox_nano"),
    ResultQuery(model="nobody"),
    ResultQuery(label="cat"),
    ResultQuery(label="Größe"),
    ResultQuery(label="nothing"),
    ResultQuery(min_confidence=0.9),
    ResultQuery(min_confidence=1.0),
    ResultQuery(label="dog", min_confidence=0.5),
    ResultQuery(time_from=99.9),
    ResultQuery(time_to=99.9),
    ResultQuery(time_from=99.8, time_to=100.1),
    ResultQuery(time_from=50.0, time_to=40.0),
    ResultQuery(frame_from=1000),
    ResultQuery(frame_to=1000),
    ResultQuery(frame_from=1000, frame_to=1001),
    ResultQuery(frame_from=1001, frame_to=1001),
    ResultQuery(frame_from=2_000_000),
    ResultQuery(frame_from=2**53),
    ResultQuery(frame_to=2**53),
    ResultQuery(
        frozenset({OBJECTS}), "yolox_nano", "dog", 0.3, time_from=90, time_to=101, frame_from=950, frame_to=5000
    ),
]
NUMBERS = (1, 2, 500, 998, 999, 1000, 1001, 1002, 1003, 2000, 2001, 5000, 1_234_567)


def a_mixture(video_id: UUID) -> list[AnalyzedFrame]:
    """Frames around the borders of buckets, with one to three rows each."""
    chance = random.Random(1)
    labels = ("dog", "cat", "Größe")

    def found() -> list[Detection]:
        return [replace(dog(chance.random()), label=chance.choice(labels)) for _ in range(chance.randrange(4))]

    return [
        analyzed(
            video_id,
            number,
            a_result(found(), OBJECTS, error="no" if number == 500 else None),
            *([replace(a_result(found(), FACES), model="blazeface")] if number % 2 else []),
            *([replace(a_result([Detection("blue", 1.0)], COLORS), model="k-means")] if number % 3 == 0 else []),
        )
        for number in NUMBERS
    ]


@pytest.fixture(scope="module")
def mixture(store: ResultStore) -> tuple[UUID, list[ResultRow]]:
    """A stored video and all its rows."""
    video_id = uuid4()
    frames = a_mixture(video_id)
    save(store, *frames)
    return video_id, rows(*frames)


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_a_query_gives_what_it_asks_for(
    store: ResultStore, mixture: tuple[UUID, list[ResultRow]], query: ResultQuery
) -> None:
    video_id, every = mixture
    wanted = [narrow for row in every if (narrow := query.narrow(row)) is not None]
    assert walked(store, video_id, query) == wanted
    assert walked(store, video_id, query, limit=2) == wanted


def test_the_queries_tell_rows_apart(mixture: tuple[UUID, list[ResultRow]]) -> None:
    _, every = mixture
    sizes = [sum(query.narrow(row) is not None for row in every) for query in QUERIES]
    assert sizes[0] == len(every) > 20
    assert len(set(sizes)) > 10


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_pages_join_without_a_gap(store: ResultStore, mixture: tuple[UUID, list[ResultRow]], limit: int) -> None:
    video_id, every = mixture
    assert walked(store, video_id, limit=limit) == every


def test_a_page_goes_on_after_any_place(store: ResultStore, mixture: tuple[UUID, list[ResultRow]]) -> None:
    video_id, every = mixture
    places = [RowPlace(row.frame_number, row.task) for row in every]
    between = [RowPlace(number, text) for number in (0, 1000, 1001, 1004, 3000, 2**53) for text in ("", "d", "z")]
    for place in places + between:
        wanted = [row for row, at in zip(every, places, strict=True) if at > place]
        assert walked(store, video_id, after=place) == wanted


def test_a_page_that_has_looked_at_much_says_where_to_go_on(
    store: ResultStore, mixture: tuple[UUID, list[ResultRow]], monkeypatch: pytest.MonkeyPatch
) -> None:
    video_id, every = mixture
    monkeypatch.setattr("pipeline.cassandra.results.SCANNED_ROWS", 3)
    for query in (ResultQuery(label="nothing"), ResultQuery(label="cat"), ResultQuery()):
        wanted = [narrow for row in every if (narrow := query.narrow(row)) is not None]
        assert walked(store, video_id, query, limit=2) == wanted


def test_the_same_batch_again_changes_nothing(store: ResultStore) -> None:
    video_id = uuid4()
    frames = a_mixture(video_id)
    for _ in range(3):
        save(store, *frames)
        assert walked(store, video_id) == rows(*frames)
        assert count(store, video_id) == LedgerCount(len(NUMBERS) - 1, 1)
    summaries = store.summaries(video_id)
    save(store, *frames[4:9])
    save(store, *reversed(frames[2:6]))
    assert walked(store, video_id) == rows(*frames)
    assert store.summaries(video_id) == summaries


def test_an_older_row_does_not_take_the_place_of_a_newer_one(store: ResultStore) -> None:
    video_id = uuid4()
    new = analyzed(video_id, 1, a_result([dog(0.9)]), a_result([], FACES, error="new"))
    save(store, new)
    save(store, analyzed(video_id, 1, a_result([dog(0.1)]), a_result([a_face()], FACES)), at=AT - 1_000)
    assert walked(store, video_id) == rows(new)
    assert (count(store, video_id), store.failure_reason(video_id)) == (LedgerCount(0, 1), "new")
    newest = analyzed(video_id, 1, a_result([dog(0.2)]), a_result([], FACES))
    save(store, newest, at=AT + 1_000)
    assert walked(store, video_id) == rows(newest)
    assert (count(store, video_id), store.failure_reason(video_id)) == (LedgerCount(1, 0), None)


@pytest.mark.parametrize("first_good", [True, False])
def test_of_two_tries_the_good_one_stays_whole(store: ResultStore, first_good: bool) -> None:
    """A batch that is replayed may meet another outcome; rows have the same write timestamp then."""
    video_id = uuid4()
    good = analyzed(video_id, 1, replace(a_result([dog()]), inference_ms=1.0))
    bad = replace(analyzed(video_id, 1, replace(a_result([], error="memory"), inference_ms=99.0)), worker="z")
    for frame in (good, bad) if first_good else (bad, good):
        save(store, frame)
    assert walked(store, video_id) == rows(good)
    assert count(store, video_id) == LedgerCount(1, 0)
    assert store.outcomes(video_id, 0) == {1: False}
    assert store.failure_reason(video_id) is None


def test_batches_that_overlap_are_counted_exactly(store: ResultStore) -> None:
    """As when the executors of a cluster store frames of one video at the same time."""
    video_id = uuid4()
    frames = [analyzed(video_id, n, a_result(error="no" if n % 10 == 0 else None)) for n in range(951, 1051)]

    def save_some(number: int) -> None:
        for start in range(0, 100, 10):
            at = (start + 7 * number) % 100
            save(store, *frames[at : at + 15])

    race(6, save_some)
    assert walked(store, video_id) == rows(*frames)
    assert [(s.bucket, s.count) for s in store.summaries(video_id)] == [
        (0, LedgerCount(45, 5)),
        (1, LedgerCount(45, 5)),
    ]


def test_many_findings_are_stored_in_one_go(store: ResultStore) -> None:
    video_id = uuid4()
    crowd = [replace(a_face(n / 80), label=f"Gesicht №{n} — größer") for n in range(80)]
    frames = [analyzed(video_id, n, a_result(crowd, EMOTIONS), a_result(crowd)) for n in range(901, 1201)]
    save(store, *frames)
    assert walked(store, video_id, limit=50) == rows(*frames)
    assert [s.count for s in store.summaries(video_id)] == [LedgerCount(100), LedgerCount(200)]


def test_one_row_may_be_large(store: ResultStore) -> None:
    video_id = uuid4()
    frame = analyzed(video_id, 1, FrameResult(OBJECTS, "m", "d", ResultStatus.OK, None, 1.0, (a_face(),) * 4000))
    save(store, frame, replace(frame, frame_number=2, results=(a_result([], error="x" * 100_000),)))
    assert store.frame(video_id, 1) == tuple(rows(frame))
    assert len(store.failure_reason(video_id) or "") == 100_000


def test_entries_say_what_is_in_the_ledger(store: ResultStore) -> None:
    video_id = uuid4()
    began = datetime.now(UTC) - timedelta(milliseconds=1)
    save(store, analyzed(video_id, 1001), analyzed(video_id, 7), analyzed(video_id, 3, a_result(error="no")))
    entries = store.entries(video_id, 0)
    assert [(e.frame_number, e.failed, e.error, e.write_timestamp) for e in entries] == [
        (3, True, "no", AT - 1),
        (7, False, None, AT),
    ]
    assert all(began <= entry.stored_at <= datetime.now(UTC) for entry in entries)
    assert store.row_counts(video_id, 0) == {3: 1, 7: 1}
    assert store.entries(video_id, 2) == []
    assert store.row_counts(video_id, 2) == {}


def cleared(store: ResultStore, video_id: UUID, bucket: int, *numbers: int) -> None:
    """Clear these frames."""
    entries = [entry for entry in store.entries(video_id, bucket) if entry.frame_number in numbers]
    store.clear(video_id, bucket, entries, AT + 1)


def test_cleared_frames_go_and_count_as_before(store: ResultStore) -> None:
    video_id = uuid4()
    frames = a_mixture(video_id)
    save(store, *frames)
    outcomes = store.outcomes(video_id, 0)
    for _ in range(2):
        cleared(store, video_id, 0, 1, 2, 500, 999)
        assert walked(store, video_id) == rows(*(f for f in frames if f.frame_number not in (1, 2, 500, 999)))
        assert [entry.frame_number for entry in store.entries(video_id, 0)] == [998, 1000]
        assert store.outcomes(video_id, 0) == outcomes
        assert list(store.outcomes(video_id, 0)) == sorted(outcomes)
        assert count(store, video_id) == LedgerCount(len(NUMBERS) - 1, 1)
        assert store.summaries(video_id)[0] == BucketSummary(0, LedgerCount(5, 1), 99.7, 99.9)
        assert store.failure_reason(video_id) == "no"
        store.recount(video_id, [0, 1, 2, 4, 1234])
    assert store.frame(video_id, 500) == ()
    save(store, *frames)
    assert [entry.frame_number for entry in store.entries(video_id, 0)] == [998, 1000]
    assert walked(store, video_id, ResultQuery(frame_to=1000)) == rows(frames[3], frames[5])


def test_an_emptied_bucket_has_counts_and_no_times(store: ResultStore) -> None:
    video_id = uuid4()
    save(store, *(analyzed(video_id, n) for n in range(1, 1003)))
    cleared(store, video_id, 0, *range(1, 501))
    cleared(store, video_id, 0, *range(501, 1001))
    assert store.summaries(video_id) == [
        BucketSummary(0, LedgerCount(1000), None, None),
        BucketSummary(1, LedgerCount(2), 100.0, 100.1),
    ]
    assert len(store.outcomes(video_id, 0)) == 1000
    for query in (ResultQuery(), ResultQuery(time_from=0.0), ResultQuery(time_to=1e6), ResultQuery(frame_from=1)):
        assert [row.frame_number for row in walked(store, video_id, query)] == [1001, 1002]


def test_what_is_written_later_than_the_clearing_is_there(store: ResultStore) -> None:
    video_id = uuid4()
    save(store, analyzed(video_id, 1), analyzed(video_id, 2, a_result(error="no")))
    cleared(store, video_id, 0, 1, 2)
    save(store, analyzed(video_id, 1), analyzed(video_id, 2), at=AT + 1)
    assert walked(store, video_id) == []
    later = analyzed(video_id, 2, a_result([dog(0.2)]))
    save(store, later, at=AT + 2)
    assert walked(store, video_id) == rows(later)
    assert count(store, video_id) == LedgerCount(2, 0)


def test_a_frame_between_cleared_ones_is_not_touched(store: ResultStore) -> None:
    video_id = uuid4()
    save(store, *(analyzed(video_id, n) for n in (1, 2, 4, 5, 7)))
    cleared(store, video_id, 0, 1, 2, 4, 5, 7)
    late = [analyzed(video_id, n) for n in (3, 6, 8)]
    save(store, *late)
    assert walked(store, video_id) == rows(*late)
    assert count(store, video_id) == LedgerCount(8, 0)


def test_buckets_that_are_removed_were_never_there(store: ResultStore) -> None:
    video_id, other = uuid4(), uuid4()
    frames = [analyzed(video_id, n) for n in (1, 2, 1001, 2001)]
    save(store, *frames, analyzed(other, 1))
    cleared(store, video_id, 0, 1)
    store.remove(video_id, [], AT + 1)
    assert count(store, video_id) == LedgerCount(4, 0)
    for _ in range(2):
        store.remove(video_id, [0, 1, 5], AT + 1)
        assert walked(store, video_id) == rows(frames[3])
        assert [s.bucket for s in store.summaries(video_id)] == [2]
        assert store.outcomes(video_id, 0) == {}
        save(store, *frames)
    assert count(store, other) == LedgerCount(1, 0)
    save(store, *frames, at=AT + 2)
    assert walked(store, video_id) == rows(*frames)
    assert count(store, video_id) == LedgerCount(4, 0)


def test_an_entry_that_was_changed_later_is_cleared_all_the_same(on_cassandra: CassandraResultStore) -> None:
    """As by hand, with the time of the change as its write timestamp."""
    video_id = uuid4()
    save(on_cassandra, analyzed(video_id, 1))
    on_cassandra._db.execute(
        "UPDATE ledger SET stored_at = ? WHERE video_id = ? AND bucket = 0 AND frame_number = 1", (T0, video_id)
    )
    assert [entry.stored_at for entry in on_cassandra.entries(video_id, 0)] == [T0]
    cleared(on_cassandra, video_id, 0, 1)
    assert on_cassandra.entries(video_id, 0) == []
    assert count(on_cassandra, video_id) == LedgerCount(1, 0)


def test_rows_are_fetched_as_they_are_needed(on_cassandra: CassandraResultStore) -> None:
    """A page of a full bucket does not read the bucket, and a server that goes away meanwhile is a clear error."""
    video_id = uuid4()
    save(on_cassandra, *(analyzed(video_id, n) for n in range(1, 1001)))
    client = on_cassandra._db
    fetched = client.rows(f"{result_rows.SELECT_RESULTS} ORDER BY frame_number", (video_id, bucket_of(1)), at_once=10)
    assert [next(fetched).frame_number for _ in range(15)] == list(range(1, 16))
    other = CassandraResultStore(CassandraClient(client.settings))
    fetched = other._db.rows(result_rows.SELECT_RESULTS, (video_id, 0), at_once=10)
    next(fetched)
    other.close()
    with pytest.raises(StoreUnavailable):
        list(fetched)


def test_rows_with_their_write_timestamps(store: ResultStore) -> None:
    """In order, over buckets without rows, from any place to any frame; a failed row is of the same attempt."""
    video_id = uuid4()
    numbers = [1, 2, 1000, 1001, 3500]
    for n in numbers:
        failed = a_result(task=FACES, error="it broke") if n == 2 else a_result([dog()], FACES)
        save(store, analyzed(video_id, n, a_result([dog()]), failed), at=AT + 10 * (n == 1001))
    every = store.written(video_id, RowPlace(0, ""), MAX_FRAME_NUMBER, 100)
    places = [RowPlace(n, task) for n in numbers for task in sorted([FACES, OBJECTS])]
    assert [RowPlace(w.row.frame_number, w.row.task) for w in every] == places
    assert [w.row for w in every] == [row for n in numbers for row in store.frame(video_id, n)]
    assert {w.attempt_timestamp for w in every if w.row.frame_number != 1001} == {AT}
    assert {w.attempt_timestamp for w in every if w.row.frame_number == 1001} == {AT + 10}
    for start, limit, frame_to in ((0, 3, 9999), (1, 4, 1000), (3, 3, 1001), (7, 9, 3499), (9, 1, 9999)):
        expected = [w for w in every[start + 1 :] if w.row.frame_number <= frame_to][:limit]
        assert list(store.written(video_id, places[start], frame_to, limit)) == expected


def test_times_of_frames_are_known_by_bucket(store: ResultStore) -> None:
    video_id = uuid4()
    live = {n: T0 + timedelta(seconds=n) for n in (2, 999, 1001)}
    save(store, *(replace(analyzed(video_id, n), captured_at=at) for n, at in live.items()), analyzed(video_id, 3))
    assert store.captured(video_id, 0) == {2: live[2], 999: live[999]}
    assert store.captured(video_id, 1) == {1001: live[1001]}
    assert store.captured(uuid4(), 0) == {}
    times = {entry.frame_number: entry.media_time for entry in store.entries(video_id, 0)}
    assert times == pytest.approx({2: 0.1, 3: 0.2, 999: 99.8})


def test_rows_are_given_before_their_bucket_is_counted(on_cassandra: CassandraResultStore) -> None:
    """Rows are written, then entered, then counted: what is entered must not be passed over."""
    video_id, db = uuid4(), on_cassandra._db
    for n in (1, 1001, 2001):
        save(on_cassandra, analyzed(video_id, n))
    CassandraVideoStore(db).save_sampled(video_id, 1, [1001])
    db.execute("DELETE FROM ledger_counts WHERE video_id = ? AND bucket = 1", (video_id,))
    found = on_cassandra.written(video_id, RowPlace(0, ""), MAX_FRAME_NUMBER, 10)
    assert [w.row.frame_number for w in found] == [1, 1001, 2001]
