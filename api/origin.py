"""Owns where a submission comes from: whose it is, the key that makes it repeatable, its request and its trace."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request

from pipeline.stores.submissions import SubmissionKey


@dataclass(frozen=True, slots=True)
class Origin:
    """Of one submission: the API key's id, the request's id, the trace, and the key that the client made up for it."""

    key_id: str | None = None
    request_id: str | None = None
    traceparent: str | None = None
    key: SubmissionKey | None = None


IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[!-~]+$",
        description="a name of your own for this submission, remembered for a week: sent again with the same request, "
        "the answer is the same video; visible ASCII without spaces",
        examples=["street-2026-11-21"],
    ),
]


def _origin(request: Request, idempotency_key: IdempotencyKey = None) -> Origin:
    state = request.state
    key_id = getattr(getattr(state, "caller", None), "key_id", None)
    key = SubmissionKey(key_id or "", idempotency_key) if idempotency_key is not None else None
    return Origin(key_id, getattr(state, "request_id", None), getattr(state, "traceparent", None), key)


OriginDep = Annotated[Origin, Depends(_origin)]
