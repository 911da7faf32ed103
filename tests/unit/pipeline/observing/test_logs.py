"""Every record says which service wrote it, and whose request and which video it is about."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest

from pipeline.observing.logs import CHATTY, about, log_to_stdout, request_is

VIDEO = UUID(int=7)


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[str]]]:
    """What has been logged since the last look; loggers are put back as they were."""
    levels = {name: logging.getLogger(name).level for name in (None, *CHATTY)}
    yield lambda: capsys.readouterr().out.splitlines()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def log_as(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets up logging, without the handlers that pytest adds to each test."""

    def set_up(service: str) -> None:
        monkeypatch.setattr(logging.getLogger(), "handlers", [])
        log_to_stdout(service)

    return set_up


@pytest.fixture
def log() -> logging.Logger:
    return logging.getLogger("tests.logs")


def fail(error: Exception) -> None:
    raise error


def test_text_ends_with_the_fields_that_are_known(
    lines: Callable[[], list[str]], log_as: Callable[[str], None], log: logging.Logger
) -> None:
    log_as("ingest")
    log.info("before")
    with about("r-1", VIDEO):
        log.info("both")
        with about(video_id="v-2"):
            log.info("inner")
    with about(video_id=VIDEO):
        request_is("r-3")
        log.info("late")
    request_is("r-4")
    log.info("after")
    assert [line.split(" INFO tests.logs ")[1] for line in lines()] == [
        "before service=ingest",
        f"both service=ingest request_id=r-1 video_id={VIDEO}",
        "inner service=ingest request_id=r-1 video_id=v-2",
        f"late service=ingest request_id=r-3 video_id={VIDEO}",
        "after service=ingest",
    ]


def test_json_has_a_field_for_each(
    lines: Callable[[], list[str]], log_as: Callable[[str], None], log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAMEWISE_LOG_FORMAT", "json")
    log_as("api")
    with about("r-1", VIDEO):
        log.info("GET %s", "/x", extra={"method": "GET", "status": 200})
    try:
        fail(ValueError("at https://user:secret@example.com/a?token=1"))
    except ValueError:
        log.exception("broken: %s", 'with "quotes"\nand lines')
    first, second = map(json.loads, lines())
    assert first.pop("time").endswith("+00:00")
    assert first == {
        "level": "INFO",
        "logger": "tests.logs",
        "service": "api",
        "request_id": "r-1",
        "video_id": str(VIDEO),
        "method": "GET",
        "status": 200,
        "message": "GET /x",
    }
    assert second["message"] == 'broken: with "quotes"\nand lines'
    assert "ValueError: at https://***@example.com/a?***" in second["exc_info"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_opens_doors_is_not_written(
    lines: Callable[[], list[str]],
    log_as: Callable[[str], None],
    log: logging.Logger,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
) -> None:
    monkeypatch.setenv("FRAMEWISE_LOG_FORMAT", form)
    log_as("ingest")
    log.warning("cannot fetch %s", "https://me:hunter2@example.com/film.mp4?sig=hunter2#hunter2")
    log.warning("sent with fw_0123456789ab_" + "hunter2c0ffee00")
    try:
        fail(OSError("rtsp://me:hunter2@camera/stream"))
    except OSError:
        log.exception("broken")
    text = "\n".join(lines())
    assert "hunter2" not in text
    assert "example.com/film.mp4" in text
    assert "fw_0123456789ab_***" in text


def test_threads_do_not_mix(lines: Callable[[], list[str]], log_as: Callable[[str], None], log: logging.Logger) -> None:
    log_as("ingest")
    both = threading.Barrier(2, timeout=10)

    def work(name: str) -> None:
        with about(name):
            both.wait()
            log.info("from %s", name)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    said = lines()
    assert len(said) == 2
    assert all(line.split("from ")[1].split()[0] == line.split("request_id=")[1] for line in said)
