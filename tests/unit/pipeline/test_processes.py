"""What each process does alike: it says that it is ready, logs, and sends without a broker in tests."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import KafkaSettings, PathSettings
from pipeline.kafka.publishing import DeadLetter, InMemoryPublisher
from pipeline.kafka.topics import Topics, wait_for_broker
from pipeline.observing.logs import CHATTY, log_to_stdout
from pipeline.readiness import mark_ready, ready_file, unmark_ready
from tests.unit.factories import a_frame, analyzed


def test_ready_is_a_file_with_the_process_id(tmp_path: Path) -> None:
    unmark_ready(tmp_path, "ingest")
    mark_ready(tmp_path, "ingest")
    assert ready_file(tmp_path, "ingest").read_text() == str(os.getpid())
    assert not ready_file(tmp_path, "api").exists()
    unmark_ready(tmp_path, "ingest")
    assert not ready_file(tmp_path, "ingest").exists()


@pytest.fixture
def levels() -> Iterator[None]:
    """Puts the loggers back as they were."""
    loggers = [logging.getLogger(name) for name in (None, *CHATTY)]
    before = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


@pytest.mark.usefixtures("levels")
def test_logs_are_lines_on_standard_output(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    log_to_stdout("ingest")
    logging.getLogger("pipeline").info("one thing")
    logging.getLogger("kafka").info("chatter")
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith(" INFO pipeline one thing service=ingest")


def test_folders_are_in_the_data_folder(tmp_path: Path) -> None:
    paths = PathSettings(data_dir=tmp_path)
    folders = (paths.frames_dir, paths.sources_dir, paths.weights_dir, paths.log_dir)
    assert [folder.relative_to(tmp_path).as_posix() for folder in folders] == [
        "frames",
        "sources",
        "cache/models",
        "log",
    ]
    assert PathSettings(mirror=None).mirror is None


def test_topics_have_the_prefix() -> None:
    names = (f"a-{name}" for name in ("videos", "frames", "frames-live", "results", "dead-letters", "captures"))
    assert Topics.of(KafkaSettings(topic_prefix="a-")) == Topics(*names)


@pytest.mark.parametrize("bootstrap", ["127.0.0.1:1", "127.0.0.1:1,[::1]:1"])
def test_nobody_answering_is_a_clear_error(bootstrap: str) -> None:
    with pytest.raises(StoreUnavailable, match="does not answer"):
        wait_for_broker(KafkaSettings(kafka_bootstrap=bootstrap), patience=0.3)


def test_the_twin_keeps_what_is_sent() -> None:
    publisher = InMemoryPublisher()
    frame, letter, said = a_frame(uuid4()), DeadLetter(None, "frames", 0, 1, "odd"), list[Exception | None]()
    publisher.wake(frame.video_id)
    publisher.frame(frame, said.append)
    publisher.outcomes([analyzed(frame.video_id, 1)])
    publisher.dead_letters([letter])
    publisher.flush(1)
    publisher.close()
    assert (publisher.woken, publisher.frames, publisher.letters, said) == ([frame.video_id], [frame], [letter], [None])
    assert [f.frame_number for f in publisher.results] == [1]
