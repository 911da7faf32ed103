"""Owns errors as people and machines read them: RFC 9457 problem details for everything that goes wrong."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from pipeline.contracts.errors import (
    Conflict,
    Forbidden,
    FramewiseError,
    NotFound,
    SourceRefused,
    SourceTooLarge,
    StoreError,
    StoreUnavailable,
    TooManyRequests,
    Unauthorized,
)
from pipeline.observing import metrics
from pipeline.portraits.faces import PictureUnreadable, PortraitsUnavailable

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "5"
STATUS_OF: tuple[tuple[type[FramewiseError], int], ...] = (
    (Unauthorized, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (SourceRefused, 422),
    (SourceTooLarge, 413),
    (PictureUnreadable, 422),
    (PortraitsUnavailable, 503),
    (TooManyRequests, 429),
    (StoreUnavailable, 503),
    (StoreError, 503),
)


PHRASES = {
    304: "Not modified",
    400: "Bad request",
    401: "A key is needed",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    422: "Not valid",
    429: "Too many requests",
    500: "Internal error",
    503: "Not available",
}
"""Titles of problems that have none of their own; Python's change between versions."""


class BodyTooLarge(HTTPException):
    """A body with more bytes than the limit."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"the body is larger than the {limit} bytes that this service takes")


class FieldError(BaseModel):
    """A field that is wrong: where it is, and why."""

    pointer: str = Field(
        description="JSON pointer into the body, or the name of the parameter", examples=["#/videoURL"]
    )
    detail: str


class ProblemBody(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(description="a stable name of the kind of problem", examples=["not-found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(description="what was wrong in this case, and what to do")
    instance: str = Field(description="the path that was asked")
    request_id: str | None = Field(
        default=None, description="the request's id: in `X-Request-ID`, and in every log record of the request"
    )
    errors: list[FieldError] = Field(default=[], description="each field that is wrong")


def problem(
    request: Request, status: int, type_: str, title: str, detail: str, errors: Sequence[FieldError] = ()
) -> JSONResponse:
    """A problem as the answer to a request."""
    metrics.failure(type_)
    request_id = request.scope.get("state", {}).get("request_id")
    body = ProblemBody(
        type=type_,
        title=title,
        status=status,
        detail=detail,
        instance=request.url.path,
        request_id=request_id,
        errors=list(errors),
    )
    headers = {"Retry-After": RETRY_AFTER_SECONDS} if status == 503 else {}
    if request_id is not None:
        headers["X-Request-ID"] = request_id  # also for what is answered outside of every middleware: 500
    return JSONResponse(body.model_dump(), status, headers=headers, media_type=MEDIA_TYPE)


def problem_of(request: Request, error: FramewiseError) -> JSONResponse:
    """An error as the answer to a request."""
    status = next((status for kind, status in STATUS_OF if isinstance(error, kind)), 500)
    answer = problem(request, status, error.type, error.title, str(error))
    if isinstance(error, TooManyRequests):
        answer.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthorized):
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def body_too_large(request: Request, error: BodyTooLarge) -> JSONResponse:
    """The answer to a body over the limit."""
    return problem(request, 413, SourceTooLarge.type, SourceTooLarge.title, str(error.detail))


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entry of the problems that an operation may answer, besides those that each may."""
    schema = {"$ref": "#/components/schemas/ProblemBody"}
    return {
        status: {"description": PHRASES[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in sorted({*statuses, 400, 401, 403, 422, 429, 500, 503})
    }


def install(app: FastAPI) -> None:
    """Answer every error of the app with a problem."""

    async def framewise(request: Request, error: FramewiseError) -> JSONResponse:
        return problem_of(request, error)

    async def http(request: Request, error: HTTPException) -> JSONResponse:
        phrase = PHRASES.get(error.status_code) or HTTPStatus(error.status_code).phrase
        answer = problem(request, error.status_code, phrase.lower().replace(" ", "-"), phrase, str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        fields = [FieldError(pointer=_pointer(e["loc"]), detail=e["msg"]) for e in error.errors()]
        detail = "; ".join(f"{f.pointer}: {f.detail}" for f in fields[:3])
        return problem(request, 422, "invalid-request", "The request is not valid", detail, fields)

    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        logging.getLogger(__name__).error("%s %s failed", request.method, request.url.path, exc_info=error)
        return problem(request, 500, "internal-error", "Something went wrong", "the service's log has the details")

    app.add_exception_handler(FramewiseError, framewise)  # type: ignore[arg-type]

    async def too_large(request: Request, error: BodyTooLarge) -> JSONResponse:
        return body_too_large(request, error)

    app.add_exception_handler(HTTPException, http)  # type: ignore[arg-type]
    app.add_exception_handler(BodyTooLarge, too_large)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, invalid)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, unexpected)


def _pointer(location: Sequence[int | str]) -> str:
    place, *rest = location
    if place == "body":
        return "#/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in rest)
    return "/".join(str(part) for part in rest) or str(place)
