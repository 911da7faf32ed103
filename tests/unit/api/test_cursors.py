"""Cursors: what was made up, or made for another question, is refused."""

import base64

import pytest
from fastapi.exceptions import RequestValidationError

from api.cursors import decode, encode

BOUND = "asked"


def made_up(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_a_place_comes_back() -> None:
    assert decode(encode([3, "b"], BOUND), BOUND, int, str) == [3, "b"]


@pytest.mark.parametrize(
    "cursor",
    [
        "%",
        made_up("{}"),
        made_up("[" * 40_000),
        made_up(f'["{BOUND}", true]'),
        made_up(f'["{BOUND}", {2**63}]'),
        made_up(f'["{BOUND}", {-(2**64)}]'),
        made_up(f'["{BOUND}", 1, 2]'),
        encode([1], "another"),
    ],
)
def test_what_is_not_one_of_ours_is_refused(cursor: str) -> None:
    with pytest.raises(RequestValidationError):
        decode(cursor, BOUND, int)
