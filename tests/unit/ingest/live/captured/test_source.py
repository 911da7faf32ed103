"""Pictures from topic `captures`: order, numbers and times, repeats, what is malformed, and going on after anything."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from ingest.halt import Halt, Halted, HaltReason
from ingest.live.captured.beginning import Beginning
from ingest.live.captured.dating import dated
from ingest.live.captured.kafka_log import partition_of
from ingest.live.captured.log import InMemoryCaptureLog, LogRecord
from ingest.live.captured.reading import MOST_KNOWN, KnownCaptures, Reading
from ingest.live.captured.source import CapturedSource
from ingest.live.packets import Packet, read_header, read_packet
from ingest.live.sources import Place, PlacingSource, StreamOver
from pipeline.contracts.captures import CAPTURED
from pipeline.contracts.errors import MediaError, SourceUnreachable
from pipeline.contracts.videos import KeepFrames, SourceKind, SourceProgress
from pipeline.kafka.publishing import DeadLetter
from tests.unit.factories import a_video, jpeg
from tests.unit.ingest.live.captured.records import PICTURE, T0, VIDEO, at, end, record

MOST_PIXELS = 1000 * 1000


class Bench:
    """A source over a log, what it set aside, and what came out of it."""

    def __init__(
        self,
        records: list[LogRecord],
        known: SourceProgress | None = None,
        keep: KeepFrames = KeepFrames.ALL,
        oldest: int = 0,
    ) -> None:
        self.log = InMemoryCaptureLog(records, oldest)
        self.aside: list[DeadLetter] = []
        video = replace(a_video(VIDEO, created_at=T0), source=SourceKind.STREAM, source_url=f"{CAPTURED}a", keep=keep)
        reading = Reading(VIDEO, MOST_PIXELS, self.aside.append)
        self._now = 0.0
        self.source = CapturedSource(self.log, reading, Beginning(video, known or SourceProgress()), 30, 5, self._tick)

    def _tick(self) -> float:
        self._now += 1
        return self._now

    def packets(self, ends: type[Exception] | None = StreamOver) -> list[Packet]:
        """What one connection writes."""
        pipe = io.BytesIO()
        if ends is None:
            self.source.stream(pipe, Halt())
        else:
            with pytest.raises(ends):
                self.source.stream(pipe, Halt())
        pipe.seek(0)
        assert read_header(pipe).codec == "mjpeg"
        return list(iter(lambda: read_packet(pipe), None))

    def places(self, ends: type[Exception] | None = StreamOver) -> list[Place]:
        """Where the pictures of one connection stand."""
        return [self.source.place(packet.arrived_at / 1e6) for packet in self.packets(ends)]


def numbers(places: list[Place]) -> list[int]:
    return [place.number for place in places]


def test_pictures_come_in_their_order_with_their_times() -> None:
    pictures = [jpeg(colour=(n, n, n)) for n in (1, 99)]
    bench = Bench([record(n, n / 10, picture=picture) for n, picture in enumerate(pictures)] + [end(2)])
    assert isinstance(bench.source, PlacingSource)
    first, second = bench.packets()
    assert [first.data, second.data] == pictures
    assert (first.pts, second.pts) == (T0.timestamp() * 1e6, T0.timestamp() * 1e6 + 100_000)
    places = [bench.source.place(packet.arrived_at / 1e6) for packet in (first, second)]
    assert places == [Place(1, T0, 1), Place(2, at(0.1), 2)]


def test_whole_second_timestamps_lose_nothing() -> None:
    bench = Bench([record(n, n // 5) for n in range(10)] + [end(10)])
    packets = bench.packets()
    stamps = [packet.pts for packet in packets if packet.pts is not None]
    assert len(set(stamps)) == 10
    assert stamps == sorted(stamps)
    places = [bench.source.place(packet.arrived_at / 1e6) for packet in packets]
    assert [place.captured_at for place in places] == [at(n // 5) for n in range(10)]
    assert numbers(places) == list(range(1, 11))


def test_a_late_picture_keeps_its_own_time() -> None:
    places = Bench([record(0, 9), record(1, 5), end(2)]).places()
    assert [place.captured_at for place in places] == [at(9), at(5)]


@pytest.mark.parametrize(
    ("said", "taken", "believed", "warned"),
    [
        (at(60), T0, at(60), None),
        (at(61), T0, T0, "future"),
        (at(10**9), T0, T0, "future"),
        (T0 - timedelta(days=29), T0, T0 - timedelta(days=29), None),
        (datetime(1970, 1, 1, tzinfo=UTC), T0, T0, "long ago"),
        (at(0.123456), at(1), at(0.123), None),
    ],
)
def test_times_that_cannot_be_are_not_believed(
    said: datetime, taken: datetime, believed: datetime, warned: str | None
) -> None:
    captured_at, warning = dated(said, taken)
    assert captured_at == believed
    assert (warning is None) if warned is None else (warning is not None and warned in warning)


def test_a_future_time_is_a_warning_of_the_video() -> None:
    [place] = Bench([record(0, 3600, taken=5), end(1)]).places()
    assert place.captured_at == at(5)
    assert place.warning is not None


def test_what_comes_twice_is_left_out_and_its_number_with_it() -> None:
    same = [record(0), record(1, capture_id="c-0"), record(2), end(3)]
    assert numbers(Bench(same).places()) == [1, 3]


def test_the_memory_of_ids_is_bounded() -> None:
    known = KnownCaptures()
    assert not any(known.is_repeat(f"{n}", n) for n in range(MOST_KNOWN + 1))
    assert not known.is_repeat("5", 5)  # read again at its place
    assert known.is_repeat("5", 99999)
    assert not known.is_repeat("0", 99999)  # forgotten


def test_others_pictures_are_no_business_of_ours() -> None:
    other = UUID(int=8)
    bench = Bench([record(0, video_id=other), record(1), end(2, other), record(3), end(4)])
    assert numbers(bench.places()) == [1, 2]
    assert bench.aside == []


def malformed() -> Iterator[tuple[LogRecord, str]]:
    good = record(1)
    yield replace(good, value=b"text"), "no JPEG"
    yield replace(good, value=PICTURE[:12]), "no frame header"
    yield replace(good, value=None), "no JPEG"
    yield replace(good, headers={**good.headers, "captured_at": b"noon"}), "ISO 8601"
    yield replace(good, headers={**good.headers, "video_id": str(UUID(int=8)).encode()}), "the key says"
    yield replace(good, headers={}), "'schema' is missing"
    yield replace(good, key=None), "16 bytes"
    yield replace(good, value=jpeg(width=1500, height=1200)), "1500×1200 pixels"


@pytest.mark.parametrize(("wrong", "reason"), [*malformed()], ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_malformed_is_set_aside_and_the_stream_goes_on(wrong: LogRecord, reason: str) -> None:
    bench = Bench([record(0), wrong, record(2), end(3)])
    assert [place.position for place in bench.places()] == [1, 3]
    [letter] = bench.aside
    assert reason in letter.reason
    assert (letter.topic, letter.partition, letter.offset, letter.value) == ("captures", 3, 1, wrong.value)


def test_silence_ends_a_connection_and_the_next_goes_on() -> None:
    bench = Bench([record(0)])
    assert numbers(bench.places(None)) == [1]
    bench.log.records.append(record(1))
    assert numbers(bench.places(None)) == [2]
    with pytest.raises(SourceUnreachable, match="no picture has come"):
        bench.source.stream(io.BytesIO(), Halt())


def test_the_end_without_any_picture_is_the_end() -> None:
    assert Bench([end(0)]).packets() == []


def test_whoever_goes_on_gives_the_same_pictures_the_same_numbers() -> None:
    records = [record(0), record(1, video_id=UUID(int=8)), record(2), record(3, capture_id="c-2"), record(4), end(5)]
    first = Bench(records).places()
    for place in first[:-1]:
        known = SourceProgress(source_position=place.position, source_number=place.number, numbered_through=1001)
        later = Bench(records, known).places()
        assert later == [other for other in first if other.number > place.number]


def test_what_comes_twice_is_known_after_a_restart() -> None:
    known = SourceProgress(source_position=2, source_number=2)
    places = Bench([record(0), record(1), record(2, capture_id="c-1"), record(3), end(4)], known).places()
    assert [(place.number, place.position) for place in places] == [(4, 4)]


def test_newest_goes_on_with_fresh_pictures_and_new_numbers() -> None:
    now = (datetime.now(UTC) - T0).total_seconds()
    records = [record(n, now - 600 + n) for n in range(5)] + [record(n, now - 2) for n in (5, 6)]
    known = SourceProgress(source_position=2, source_number=2, numbered_through=1000)
    places = Bench(records, known, KeepFrames.NEWEST).places(None)
    assert [(place.number, place.position) for place in places] == [(1001, 6), (1002, 7)]


def test_newest_passes_over_what_is_much_older_than_what_lies_beside_it() -> None:
    records = [record(0, 0), record(1, 1), record(2, 30), end(3)]
    bench = Bench(records, keep=KeepFrames.NEWEST)
    assert [place.captured_at for place in bench.places()] == [at(30)]


def test_pictures_that_expired_unread_are_said_once_and_numbers_do_not_repeat() -> None:
    known = SourceProgress(source_position=2, source_number=2, numbered_through=1000)
    bench = Bench([record(n) for n in range(10)], known, oldest=5)
    with pytest.raises(SourceUnreachable, match="expired"):
        bench.source.stream(io.BytesIO(), Halt())
    assert [(p.number, p.position) for p in bench.places(None)] == [(1001 + n, 6 + n) for n in range(5)]


def test_a_topic_that_was_made_anew_is_read_from_its_beginning() -> None:
    known = SourceProgress(source_position=99, source_number=99, numbered_through=1000)
    bench = Bench([record(0), end(1)], known)
    with pytest.raises(SourceUnreachable, match="expired"):
        bench.source.stream(io.BytesIO(), Halt())
    assert numbers(bench.places()) == [1001]


class Broken(io.BytesIO):
    """A pipe whose reader dies on a picture."""

    def __init__(self, poison: bytes) -> None:
        super().__init__()
        self._poison = poison

    def write(self, data: Any) -> int:
        if self._poison in bytes(data):
            raise BrokenPipeError
        return super().write(data)


def test_what_a_dead_decoder_had_not_given_back_is_read_again() -> None:
    poison = jpeg(colour=(7, 7, 7))
    bench = Bench([record(0), record(1), record(2, picture=poison), record(3), end(4)])
    pipe = Broken(poison)
    with pytest.raises(BrokenPipeError):
        bench.source.stream(pipe, Halt())
    pipe.seek(0)
    read_header(pipe)
    first = read_packet(pipe)
    assert first is not None
    assert bench.source.place(first.arrived_at / 1e6).number == 1  # the second was in the pipe when it died
    assert numbers(bench.places()) == [2, 3, 4]


def test_a_picture_on_which_every_decoder_dies_is_set_aside() -> None:
    poison = jpeg(colour=(7, 7, 7))
    bench = Bench([record(0, picture=poison), record(1), end(2)])
    for _ in range(2):
        with pytest.raises(BrokenPipeError):
            bench.source.stream(Broken(poison), Halt())
    pipe = Broken(poison)
    with pytest.raises(StreamOver):
        bench.source.stream(pipe, Halt())
    pipe.seek(0)
    read_header(pipe)
    packet = read_packet(pipe)
    assert packet is not None
    assert bench.source.place(packet.arrived_at / 1e6) == Place(2, at(1), 2)
    [letter] = bench.aside
    assert (letter.offset, "died" in letter.reason) == (0, True)


def test_a_place_that_was_not_given_is_no_place() -> None:
    with pytest.raises(MediaError, match="was not given"):
        Bench([]).source.place(1.0)


def test_it_looks_at_the_halt() -> None:
    halt = Halt()
    halt.raise_flag(HaltReason.SHUTDOWN)
    with pytest.raises(Halted):
        Bench([record(0)]).source.stream(io.BytesIO(), halt)


def test_keys_are_dealt_out_as_kafkas_clients_do() -> None:
    # The hashes are those of the Java client (Apache Kafka, UtilsTest).
    assert partition_of(b"21", 2**31 - 1) == (-973932308 & 0x7FFFFFFF) % (2**31 - 1)
    assert partition_of(b"foobar", 2**31 - 1) == (-790332482 & 0x7FFFFFFF) % (2**31 - 1)
