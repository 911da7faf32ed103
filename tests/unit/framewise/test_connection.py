"""One request and what may become of it, over httpx's own twin of the network."""

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from framewise import Busy, Client, Conflict, Invalid, KeyRefused, NotFound, Refused, Retries, Unreachable

Answer = Callable[[httpx.Request], httpx.Response]


def client(answer: Answer, slept: list[float] | None = None, retries: Retries | None = None) -> Client:
    pauses = slept if slept is not None else []
    return Client(
        transport=httpx.MockTransport(answer), retries=replace(retries or Retries(), sleep=pauses.append), key="fw_a_b"
    )


def problem(status: int, **headers: str) -> httpx.Response:
    body = {
        "type": "some-kind",
        "title": "No",
        "status": status,
        "detail": "because",
        "instance": "/models",
        "errors": [{"pointer": "#/videoURL", "detail": "is missing"}],
        "request_id": "r1",
    }
    return httpx.Response(status, json=body, headers=headers)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, KeyRefused),
        (403, KeyRefused),
        (404, NotFound),
        (409, Conflict),
        (413, Invalid),
        (422, Invalid),
        (500, Refused),
        (503, Busy),
    ],
)
def test_a_refusal_carries_the_problem(status: int, kind: type[Refused]) -> None:
    with pytest.raises(kind) as caught:
        client(lambda _: problem(status)).models()
    told = caught.value.problem
    assert (told.type, told.title, told.status, told.detail) == ("some-kind", "No", status, "because")
    assert [(e.pointer, e.detail) for e in told.errors] == [("#/videoURL", "is missing")]
    assert str(caught.value) == "No: because"


@pytest.mark.parametrize("body", [b"<html>bad gateway</html>", b"[1]", b'{"errors": 3}', b"\xff", b""])
def test_an_answer_that_is_no_problem_is_one_all_the_same(body: bytes) -> None:
    with pytest.raises(Refused, match="The answer was 502 Bad Gateway"):
        client(lambda _: httpx.Response(502, content=body)).models()


def test_a_redirect_is_not_followed_with_the_key() -> None:
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(302, headers={"Location": "http://elsewhere.example/"})

    with pytest.raises(Refused, match="302"):
        client(answer).models()
    assert len(asked) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_what_cannot_be_done_now_is_tried_again_when_the_service_says(status: int) -> None:
    answers = iter([problem(status, **{"Retry-After": "7"}), problem(status), httpx.Response(200, json={"items": []})])
    slept: list[float] = []
    assert client(lambda _: next(answers), slept).models() == []
    assert slept == [7.0, 1.0]


def test_the_tries_end() -> None:
    slept: list[float] = []
    with pytest.raises(Busy):
        client(lambda _: problem(503), slept, Retries(tries=4)).models()
    assert slept == [0.5, 1.0, 2.0]


def test_nobody_waits_longer_than_asked() -> None:
    slept: list[float] = []
    with pytest.raises(Busy) as caught:
        client(lambda _: problem(429, **{"Retry-After": "3600"}), slept).models()
    assert (slept, caught.value.retry_after) == ([], 3600.0)


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("refused"), httpx.ReadTimeout(""), httpx.RemoteProtocolError("x")]
)
def test_no_answer_is_said_with_the_address(error: httpx.TransportError) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:8000 does not answer"):
        client(answer).models()


def test_another_service_is_told_apart() -> None:
    with pytest.raises(Unreachable, match="not as a Framewise service"):
        client(lambda _: httpx.Response(200, text="<html>hello</html>")).models()


def test_the_key_is_sent() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(200, json={"items": []})

    client(answer).models()
    assert seen == ["Bearer fw_a_b"]


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://127.0.0.1", "http://", ""])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"must look like http://127\.0\.0\.1:8000"):
        Client(url)
