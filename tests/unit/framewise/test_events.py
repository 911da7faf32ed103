"""Server-sent events: their format in any chunks, and connections that break."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framewise import Client, Event, NotFound, Retries, Unreachable, sse

STREAM = (
    b': hello\n\nid: 1\nevent: result\ndata: {"name": "a\xe2\x80\xa8b"}\n\n'
    b'id: 2\r\nevent: result\r\ndata: {"n":\r\ndata: 2}\r\n\r\nretry: 10\n\nevent: preview\ndata: 3\n\ndata: 4\n'
)
EVENTS = [
    Event(id="1", type="result", data={"name": "a\u2028b"}),
    Event(id="2", type="result", data={"n": 2}),
    Event(id=None, type="preview", data=3),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_events_do_not_depend_on_where_the_bytes_are_cut(cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(STREAM)]
    chunks = [STREAM[a:b] for a, b in pairwise(ends)]
    assert list(sse.events(chunks)) == EVENTS


def test_a_line_without_end_is_no_danger() -> None:
    with pytest.raises(Unreachable, match="a line without end"):
        list(sse.events(b"x" * 2**20 for _ in range(100)))


def an_event(number: int | str, type_: str = "result", data: str = "{}") -> bytes:
    return f"id: {number}\nevent: {type_}\ndata: {data}\n\n".encode()


class Broken(httpx.SyncByteStream):
    """Bytes, and then a connection that breaks."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        yield from self.chunks
        raise httpx.RemoteProtocolError("the peer closed the connection")


def client(answers: list[httpx.Response | Exception], asked: list[str | None]) -> Client:
    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("Last-Event-ID"))
        given_ = answers.pop(0)
        if isinstance(given_, Exception):
            raise given_
        return given_

    return Client(transport=httpx.MockTransport(answer), retries=replace(Retries(), sleep=lambda _: None))


def test_a_broken_stream_is_taken_up_where_it_was() -> None:
    asked: list[str | None] = []
    end = an_event(3, "state", '{"status": "completed"}')
    answers: list[httpx.Response | Exception] = [
        httpx.Response(200, stream=Broken(an_event(1), b"id: 2\nevent: res")),
        httpx.ConnectError("refused"),
        httpx.Response(200, content=an_event(2)),
        httpx.Response(200, content=end + an_event(4)),
    ]
    events = list(client(answers, asked).events(uuid4(), last_event_id="0"))
    assert [event.id for event in events] == ["1", "2", "3"]
    assert asked == ["0", "1", "1", "2"]


def test_previews_have_no_place_to_go_on_from() -> None:
    asked: list[str | None] = []
    answers: list[httpx.Response | Exception] = [
        httpx.Response(200, content=an_event(1) + b"event: preview\ndata: 1\n\n"),
        httpx.Response(204),
    ]
    assert [e.type for e in client(answers, asked).events(uuid4())] == ["result", "preview"]
    assert asked == [None, "1"]


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled", "deleted"])
def test_the_stream_ends_with_the_video(status: str) -> None:
    answers: list[httpx.Response | Exception] = [
        httpx.Response(200, content=an_event(1, "state", f'{{"status": "{status}"}}'))
    ]
    assert len(list(client(answers, []).events(uuid4()))) == 1


def test_ten_connections_without_an_event_are_enough() -> None:
    asked: list[str | None] = []
    with pytest.raises(Unreachable, match="cannot be had"):
        list(client([httpx.Response(200, content=b": alive\n\n") for _ in range(20)], asked).events(uuid4()))
    assert len(asked) == 10


def test_a_refusal_is_not_tried_again() -> None:
    asked: list[str | None] = []
    with pytest.raises(NotFound):
        list(client([httpx.Response(404, json={"title": "Not found"})], asked).events(uuid4()))
    assert len(asked) == 1
