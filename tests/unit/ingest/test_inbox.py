"""Bytes out of a pipe."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decode import inbox
from ingest.decode.inbox import Inbox


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """So little that pieces do not fit."""
    monkeypatch.setattr(inbox, "ROOM", 16)


@pytest.mark.usefixtures("little_room")
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 50)), max_size=60))
def test_what_goes_in_comes_out(steps: list[tuple[bool, int]]) -> None:
    """Pieces of any size, also larger than its room, taken as they come."""
    reading, writing = os.pipe()
    source, written, taken = _numbers(), b"", b""
    box = Inbox(reading)
    try:
        for is_write, size in steps:
            if is_write:
                piece = bytes(next(source) for _ in range(size))
                written += piece
                os.write(writing, piece)
                continue
            size = min(size, len(written) - len(taken))
            while len(box) < size:
                assert box.receive(size) > 0
            taken += box.take(size)
        assert taken == written[: len(taken)]
    finally:
        os.close(reading)
        os.close(writing)


def _numbers() -> Iterator[int]:
    while True:
        yield from range(251)


def test_nothing_more() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"last")
    os.close(writing)
    box = Inbox(reading)
    assert box.receive(9) == 4
    assert box.receive(9) == 0
    assert box.take(4) == b"last"
    os.close(reading)


def test_a_pipe_that_cannot_be_widened_stays_as_it_is() -> None:
    with Path(os.devnull).open() as file:
        inbox.widen(file.fileno())
