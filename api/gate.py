"""Owns what is turned away before any route: foreign hosts and origins on a loopback service, bodies too large."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import BodyTooLarge, body_too_large, problem

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
JSON_BYTES = 2**20


class LoopbackGate:
    """Refuses requests for another host name, or from a page of another origin: a service without keys is local."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through, or answer 403."""
        if scope["type"] == "http" and (reason := _foreign(Headers(scope=scope))):
            request = Request(scope)
            await problem(request, 403, "foreign-request", "This service is for its own machine", reason)(
                scope, receive, send
            )
            return
        await self._app(scope, receive, send)


def _foreign(headers: Headers) -> str | None:
    host = urlsplit(f"//{headers.get('host', '')}").hostname
    if host not in LOOPBACK:
        return "the Host header must name 127.0.0.1 or localhost"
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).hostname not in LOOPBACK:
        return "pages of other sites may not use this service"
    return None


class BodyLimit:
    """Refuses bodies over the limit, also those that do not say their length."""

    def __init__(self, app: ASGIApp, upload_bytes: int) -> None:
        self._app = app
        self._upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what comes in."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        multipart = Headers(scope=scope).get("content-type", "").startswith("multipart/form-data")
        limit = self._upload_bytes if multipart else JSON_BYTES
        said = Headers(scope=scope).get("content-length", "0")
        if said.isdigit() and int(said) > limit:
            await body_too_large(Request(scope), BodyTooLarge(limit))(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise BodyTooLarge(limit)
            return message

        await self._app(scope, counted, send)
