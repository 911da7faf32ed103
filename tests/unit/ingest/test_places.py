"""Who has a place in a worker, and what becomes of files that turn out long where only short ones have one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from ingest.admission import LONG, Admission, put_back
from ingest.decode.messages import DecodeRequest, Message
from ingest.halt import Halt, HaltReason
from ingest.places import Places
from pipeline.contracts.videos import SourceKind, SourceProgress, Video, VideoStatus
from pipeline.queue import SHORT_FRAMES
from tests.unit.ingest.benches import Bench, ListedDecoder
from tests.unit.ingest.decoding import REQUEST
from tests.unit.ingest.test_worker import expected, status, working
from tests.waiting import wait_until

FILM = SHORT_FRAMES * 10


def test_long_files_leave_a_place() -> None:
    places, films = Places(3), [uuid4() for _ in range(2)]
    assert not any(places.take(film, FILM) for film in films)
    assert (places.free, places.free_for_long) == (1, 0)
    assert not places.take(uuid4(), 10)
    assert places.free == 0
    places.leave(films[0])
    assert (places.free, places.free_for_long) == (1, 1)


def test_one_place_is_for_all() -> None:
    places = Places(1)
    assert places.free_for_long == 1
    assert not places.take(film := uuid4(), None)
    assert places.become(film, FILM)


def test_who_turns_out_short_makes_room_for_long_ones() -> None:
    places, video = Places(2), uuid4()
    places.take(video, None)
    assert places.free_for_long == 0
    assert places.become(video, 10)
    assert places.free_for_long == 1


def test_who_is_on_trial_and_long_stays_only_where_there_is_room_by_then() -> None:
    places, film, other, tried = Places(3), uuid4(), uuid4(), uuid4()
    places.take(film, FILM)
    places.take(other, None)
    assert places.take(tried, None)
    assert not places.become(tried, FILM)
    assert not places.become(tried, None)
    places.leave(film)
    assert places.become(tried, FILM)
    assert places.free_for_long == 0


LENGTHS = st.none() | st.sampled_from([10.0, FILM])


@given(st.integers(2, 5), st.lists(st.tuples(LENGTHS, LENGTHS, st.booleans()), max_size=30))
def test_a_place_is_always_left_by_those_known_to_be_long(
    most: int, visits: list[tuple[float | None, float | None, bool]]
) -> None:
    """Whatever is known before and found out later, and whoever leaves."""
    places, kept = Places(most), {}
    for known, found, leaves in visits:
        if places.free == 0 or (known == FILM and places.free_for_long == 0):
            continue
        places.take(video_id := uuid4(), known)
        truth = known if known is not None else found
        if not places.become(video_id, truth):
            places.leave(video_id)
            continue
        kept[video_id] = truth
        if leaves:
            places.leave(next(iter(kept)))
            del kept[next(iter(kept))]
        assert sum(truth != 10.0 for truth in kept.values()) <= most - 1
        assert places.free == most - len(kept)


@dataclass
class Lengths(ListedDecoder):
    """Says of each file how long it is by the frames that the test gives for its video; long ones wait for the end."""

    films: set[str] = field(default_factory=set)
    bench: Bench | None = None

    @contextmanager
    def __call__(self, request: DecodeRequest, path: object, stall: float, halt: Halt) -> Iterator[Iterator[Message]]:
        film = path.parent.name in self.films  # type: ignore[attr-defined]
        yield self._film(halt) if film else self._messages(request)

    def _film(self, halt: Halt) -> Iterator[Message]:
        decoder = replace(self, says_duration=lambda frames: FILM / 10)
        for message in decoder._messages(REQUEST):
            yield message
            halt.wait(0.01)
        while True:
            halt.wait(0.05)


def films_and(bench: Bench, films: int, source: SourceKind = SourceKind.URL) -> list[Video]:
    """A decoder that knows which of these videos, submitted now, go on for ever."""
    made = [bench.submit(source, order=n) for n in range(films)]
    bench.decoder = Lengths(films={str(video.video_id) for video in made})
    return made


def test_a_short_video_does_not_wait_for_films(bench: Bench) -> None:
    films = films_and(bench, 3)
    short = bench.submit(order=30)
    with working(bench):
        wait_until(lambda: expected(bench, short.video_id) == 10)
        assert [status(bench, film.video_id) for film in films] == [
            VideoStatus.PROCESSING,
            VideoStatus.PENDING,
            VideoStatus.PENDING,
        ]
    known = {entry.video_id: entry.frames for entry in bench.videos.open_listings()}
    assert known[films[0].video_id] == known[films[1].video_id] == FILM
    assert bench.sources.kept(films[0].video_id) is not None
    assert bench.sources.kept(films[1].video_id) is None


def test_the_next_film_has_its_turn(bench: Bench) -> None:
    films = films_and(bench, 2)
    with working(bench):
        wait_until(lambda: {e.frames for e in bench.videos.open_listings()} == {FILM})
        bench.videos.transition(films[0].video_id, VideoStatus.CANCELLED)
        wait_until(lambda: status(bench, films[1].video_id) is VideoStatus.PROCESSING)
        wait_until(lambda: bench.numbers(films[1].video_id) == list(range(1, 11)))


def test_a_source_that_does_not_come_is_not_waited_for_where_only_short_ones_have_a_place(bench: Bench) -> None:
    places, halt, slow = Places(2), Halt(), bench.submit()
    places.take(uuid4(), None)
    admission = Admission(bench.videos, places, halt, trial_seconds=0.01)
    admission.take(slow.video_id, None)
    admission.begin(slow.video_id)
    wait_until(lambda: halt.reason is HaltReason.PUT_BACK)
    put_back(bench.videos, bench.sources, slow)
    assert status(bench, slow.video_id) is VideoStatus.PENDING
    assert [entry.frames for entry in bench.videos.open_listings()] == [LONG]


def test_an_upload_that_is_put_back_keeps_its_file(bench: Bench) -> None:
    videos = films_and(bench, 2, SourceKind.UPLOAD)
    for video in videos:
        path = bench.sources.path(video.video_id)
        path.parent.mkdir(parents=True)
        path.write_bytes(b"a film")
    with working(bench):
        wait_until(lambda: {e.frames for e in bench.videos.open_listings()} == {FILM})
        wait_until(lambda: bench.videos.leaseholder(videos[1].video_id) is None)
    assert bench.sources.kept(videos[1].video_id) is not None


def test_what_is_known_of_a_length_is_listed(bench: Bench) -> None:
    bench.decoder = ListedDecoder(says_duration=lambda frames: None)
    video = bench.submit()
    with working(bench):
        wait_until(lambda: expected(bench, video.video_id) == 10)
    assert [entry.frames for entry in bench.videos.open_listings()] == [LONG]
    bench.videos.save_progress(video.video_id, SourceProgress())
    bench.videos.forget(video.video_id)
    assert [entry.frames for entry in bench.videos.open_listings()] == [None]
