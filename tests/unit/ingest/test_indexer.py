"""What the indexer makes of changed buckets."""

from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest

from ingest.indexer import MOST_COLORS, MOST_ENTRIES, Indexed, Indexer, worth_finding
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.results import Detection, TaskName
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.digests.totals import LabelTotal
from pipeline.stores.digests import InMemoryDigestStore
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.results import BucketSummary
from pipeline.stores.search import InMemorySearchIndex
from tests.unit.factories import a_result, a_video, analyzed, dog

OBJECTS, COLORS = TaskName.OBJECTS, TaskName.COLORS


@dataclass
class Bench:
    """An indexer over twins."""

    videos: InMemoryVideoStore = field(default_factory=InMemoryVideoStore)
    results: InMemoryResultStore = field(default_factory=InMemoryResultStore)
    digests: InMemoryDigestStore = field(default_factory=InMemoryDigestStore)
    search: InMemorySearchIndex = field(default_factory=InMemorySearchIndex)

    def indexer(self, first_seconds: float = 0.0) -> Indexer:
        """A new one, as after a crash."""
        stores = Indexed(self.videos, self.results, self.digests, self.search)
        return Indexer(stores, first_seconds=first_seconds)

    def video(self, *numbers: int) -> Video:
        """A video with dogs in these frames."""
        video = a_video()
        self.videos.create(video)
        self.save(video, *numbers)
        return video

    def save(self, video: Video, *numbers: int, label: str = "dog", at: int = 1) -> None:
        """Store frames with a label."""
        found = a_result([replace(dog(), label=label)])
        self.results.save([analyzed(video.video_id, n, found) for n in numbers], {video.video_id: at})

    def found(self) -> list[tuple[str, int]]:
        """What a search finds."""
        return [(entry.label, entry.frames) for entry in self.search.find()]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_what_is_found_can_be_searched_while_it_grows(bench: Bench) -> None:
    video = bench.video(1, 2, 1001)
    indexer = bench.indexer()
    indexer.index()
    [entry] = bench.search.find("dog")
    assert (entry.frames, entry.first_media_time, entry.last_media_time) == (3, 0.0, 100.0)
    assert bench.results.changed(10) == []
    bench.save(video, 3)
    bench.save(video, 4, label="cat")
    indexer.index()
    assert sorted(bench.found()) == [("cat", 1), ("dog", 4)]


def test_a_file_that_has_just_begun_is_indexed_when_it_ends(bench: Bench) -> None:
    video = bench.video(1, 2)
    indexer = bench.indexer(first_seconds=60)
    indexer.index()
    assert bench.found() == []
    assert len(bench.results.changed(10)) == 1
    bench.videos.transition(video.video_id, VideoStatus.PROCESSING)
    bench.videos.transition(video.video_id, VideoStatus.COMPLETED)
    indexer.index()
    assert bench.found() == [("dog", 2)]


def test_a_video_of_which_nothing_is_due_is_left_alone_until_it_ends(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    video, looked = bench.video(1, 2), list[UUID]()
    summaries = bench.results.summaries

    def noted(video_id: UUID) -> list[BucketSummary]:
        looked.append(video_id)
        return summaries(video_id)

    monkeypatch.setattr(bench.results, "summaries", noted)
    indexer = bench.indexer(first_seconds=60)
    for _ in range(4):
        indexer.index()
    assert looked == [video.video_id]
    bench.videos.transition(video.video_id, VideoStatus.CANCELLED)
    indexer.index()
    assert bench.found() == [("dog", 2)]


def test_a_label_that_was_cleared_is_not_found_any_more(bench: Bench) -> None:
    video = bench.video(1)
    bench.save(video, 2, label="cat")
    bench.indexer().index()
    bench.results.clear(video.video_id, 0, bench.results.entries(video.video_id, 0)[1:], 2)
    bench.indexer().index()
    assert bench.found() == [("dog", 1)]


def test_the_same_rows_counted_again_are_not_read_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    video = bench.video(1)
    bench.indexer().index()
    bench.results.recount(video.video_id, [0])
    monkeypatch.setattr(bench.results, "page", None)
    bench.indexer().index()
    assert bench.results.changed(10) == []
    [summary] = bench.results.summaries(video.video_id)
    assert bench.digests.stamps(video.video_id, [0])[0].revision == summary.revision


def test_a_retry_with_as_many_rows_is_seen(bench: Bench) -> None:
    video = bench.video(1)
    bench.indexer().index()
    bench.save(video, 1, label="cat", at=2)
    bench.indexer().index()
    assert bench.found() == [("cat", 1)]


def test_nothing_is_lost_by_a_crash(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.video(1, 2)

    def crash(*_: object) -> None:
        raise StoreUnavailable("gone")

    with monkeypatch.context() as broken:
        broken.setattr(bench.search, "replace", crash)
        with pytest.raises(StoreUnavailable):
            bench.indexer().index()
    assert bench.found() == []
    bench.indexer().index()
    assert bench.found() == [("dog", 2)]


def test_a_video_that_goes_meanwhile_leaves_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    video = bench.video(1)
    replace_entries = bench.search.replace

    def slow(*asked: object) -> None:
        replace_entries(*asked)  # type: ignore[arg-type]
        bench.videos.transition(video.video_id, VideoStatus.CANCELLED)
        known = bench.videos.get(video.video_id)
        assert known is not None
        assert bench.videos.remove(known)

    monkeypatch.setattr(bench.search, "replace", slow)
    bench.indexer().index()
    assert bench.found() == []
    assert bench.digests.stamps(video.video_id, [0]) == {}
    assert bench.results.changed(10) == []


def test_the_main_colours_and_the_most_frequent_labels_are_found() -> None:
    def total(task: TaskName, label: int, frames: int) -> LabelTotal:
        return LabelTotal(task, "m", str(label), frames, 0, 1, 1, confidences=label)

    many = [total(OBJECTS, n, 1000 - n) for n in range(500)] + [total(COLORS, n, 1) for n in range(50)]
    kept = worth_finding(many)
    assert [t.label for t in kept if t.task is OBJECTS] == [str(n) for n in range(MOST_ENTRIES)]
    assert [t.label for t in kept if t.task is COLORS] == [str(n) for n in range(49, 49 - MOST_COLORS, -1)]


def test_colours_are_found_by_the_grid(bench: Bench) -> None:
    video = bench.video()
    bench.results.save(
        [analyzed(video.video_id, 1, a_result([Detection("#fe0101", 1.0)], COLORS))], {video.video_id: 1}
    )
    bench.indexer().index()
    assert bench.found() == [("#ff0000", 1)]
