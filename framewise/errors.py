"""Owns the client's error tree.

Catch broadly, recover narrowly::

    FramewiseError
    ├── Refused           the service answered with a problem, which `problem` holds
    │   ├── KeyRefused    401, 403: no API key, or one that does not allow it
    │   ├── NotFound      404
    │   ├── Conflict      409: the state of the video forbids it
    │   ├── Invalid       413, 422: `problem.errors` names the fields
    │   └── Busy          429, 503: not now, and the retries are used up
    ├── Unreachable       no answer, or a connection that cannot be held
    ├── ExtraMissing      a part that is installed as an extra is not there
    ├── WrongFile         a file of feeds cannot be used; the message says what is wrong where
    └── WaitTimeout       the video has not ended in the time that was given
"""

from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

SHOWN_CHARACTERS = 300


class FieldError(BaseModel):
    """A field that is wrong: a JSON pointer or the name of a parameter, and why."""

    pointer: str
    detail: str


class Problem(BaseModel):
    """What went wrong, in the words of RFC 9457. `status` is None in a video's `error`."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str = "about:blank"
    title: str = "Something went wrong"
    status: int | None = None
    detail: str = ""
    instance: str | None = None
    errors: list[FieldError] = []


class FramewiseError(Exception):
    """The root."""


class Refused(FramewiseError):
    """The service said no; `retry_after` is in seconds, None when it named no time."""

    def __init__(self, problem: Problem, retry_after: float | None = None) -> None:
        super().__init__(f"{problem.title}: {problem.detail}" if problem.detail else problem.title)
        self.problem = problem
        self.retry_after = retry_after


class KeyRefused(Refused):
    """No API key, or one that is unknown or does not allow this."""


class NotFound(Refused):
    """There is no such video, frame or delivery."""


class Conflict(Refused):
    """The state of the video forbids it."""


class Invalid(Refused):
    """The request is wrong or too large."""


class Busy(Refused):
    """The service cannot now, and could not in all retries."""


class Unreachable(FramewiseError):
    """The service does not answer."""


class ExtraMissing(FramewiseError):
    """A part that is installed as an extra is not there; the message says how it is installed."""

    def __init__(self, what: str, extra: str, reason: object = "") -> None:
        hint = f"pip install 'framewise[{extra}]'"
        super().__init__(f"{what} needs the extra {extra}: {hint}{f' ({reason})' if reason else ''}")


class WrongFile(FramewiseError):
    """A file of feeds cannot be used; the message has a line for each thing that is wrong."""


class WaitTimeout(FramewiseError, TimeoutError):
    """The video has not ended in the time that was given; it goes on."""


KINDS: dict[int, type[Refused]] = {
    401: KeyRefused,
    403: KeyRefused,
    404: NotFound,
    409: Conflict,
    413: Invalid,
    422: Invalid,
    429: Busy,
    503: Busy,
}


def refusal(answer: httpx.Response) -> Refused:
    """The error of an answer whose body has been read, also of one that is no problem document."""
    return KINDS.get(answer.status_code, Refused)(_problem(answer), retry_after(answer))


def _problem(answer: httpx.Response) -> Problem:
    try:
        body: Any = answer.json()
        return Problem.model_validate({"status": answer.status_code, **body})
    except (ValueError, TypeError, ValidationError):
        title = f"The answer was {answer.status_code} {answer.reason_phrase}".rstrip()
        return Problem(title=title, status=answer.status_code, detail=answer.text[:SHOWN_CHARACTERS])


def retry_after(answer: httpx.Response) -> float | None:
    """The seconds that the answer asks to wait; None when it says none, or a date."""
    said = answer.headers.get("Retry-After", "")
    return float(said) if said.isdecimal() else None
