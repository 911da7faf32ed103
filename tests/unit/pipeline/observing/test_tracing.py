"""Spans are sent where an exporter is set, and cost nothing where none is."""

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from pipeline.contracts.settings import ROOT
from pipeline.observing import tracing
from pipeline.observing.tracing import span, start_tracing, stop_tracing
from tests.unit.receiver import Receiver, receiving

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiving() as found:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.url)
        start_tracing("tests")
        yield found
        stop_tracing()


def test_spans_continue_the_trace_that_they_are_given(receiver: Receiver) -> None:
    with span("outer", PARENT, "consumer", {"framewise.video_id": "v"}) as outer, span("inner") as inner:
        inner.note(http_route="/x")
    stop_tracing()
    by_name = {found.name: found for found in receiver.of_trace("0af7651916cd43dd8448eb211c80319c")}
    assert by_name.keys() == {"outer", "inner"}
    assert by_name["outer"].parent == "b7ad6b7169203331"
    assert by_name["inner"].parent == by_name["outer"].id
    assert by_name["outer"].attributes == {"framewise.video_id": "v"}
    assert by_name["inner"].attributes == {"http.route": "/x"}
    assert by_name["outer"].service == "framewise-tests"
    assert outer.traceparent == f"00-0af7651916cd43dd8448eb211c80319c-{by_name['outer'].id}-01"


def fail() -> None:
    raise ValueError("broken")


def test_what_fails_is_marked(receiver: Receiver) -> None:
    with pytest.raises(ValueError), span("broken", PARENT):
        fail()
    with span("answered 503", PARENT) as here:
        here.failed("answered 503")
    stop_tracing()
    assert [(found.name, found.failed) for found in receiver.spans] == [("broken", True), ("answered 503", True)]


@pytest.mark.parametrize("parent", ["", "nonsense", "00-0-0-00", "x" * 5000])
def test_a_parent_that_is_none_begins_a_trace(receiver: Receiver, parent: str) -> None:
    with span("alone", parent) as here:
        assert here.traceparent is not None
    stop_tracing()
    assert [found.parent for found in receiver.spans] == [""]


def test_without_an_exporter_a_span_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in tracing.ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    start_tracing("tests")
    with span("nothing", PARENT) as here:
        here.note(a=1)
        here.rename("b")
        here.failed("c")
        assert here.traceparent is None
    assert not tracing.is_tracing()


def test_it_can_be_switched_off_as_the_standard_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    start_tracing("tests")
    assert not tracing.is_tracing()


def test_nothing_is_imported_where_none_is_set() -> None:
    code = (
        "import sys, pipeline.observing.tracing as t; t.start_tracing('x'); "
        "print([m for m in sys.modules if 'opentel' in m])"
    )
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT)}, capture_output=True, timeout=60)
    assert done.stdout == b"[]\n"


def test_a_receiver_that_is_away_hurts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(tracing, "SEND_SECONDS", 0.5)
    start_tracing("tests")
    began = time.monotonic()
    for _ in range(5000):
        with span("lost", PARENT):
            pass
    worked = time.monotonic() - began
    stop_tracing()
    assert worked < 5
    assert time.monotonic() - began < 10
