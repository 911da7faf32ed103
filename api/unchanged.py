"""Owns whether a client already has what it asks for."""

from fastapi import Request


def is_unchanged(request: Request, etag: str) -> bool:
    """Whether one of the request's `If-None-Match` is this `ETag`, weak or not."""
    return etag in [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
