"""Owns what is observed of every request: its id, its line in the log, its metrics and its span."""

import logging
import re
import time
from contextlib import AbstractContextManager, nullcontext
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.observing import metrics
from pipeline.observing.logs import about
from pipeline.observing.tracing import NOTHING, SpanHere, span

HEADER = "X-Request-ID"
SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
PLAIN_ID = re.compile(r"[0-9A-Fa-f-]{32,36}")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
PROBED = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked by machines every few seconds: while they go well, they are neither logged nor traced."""
MANY = "/frames"
"""How the path of a camera's pictures ends, ten a second: as those above."""
NO_ROUTE = "none"
"""In place of a route where none fits: a path would be a label of the asker's own making."""

log = logging.getLogger("api.access")


class Observing:
    """Gives each request an id, which its answer, its log records, its video and that video's frames carry.

    An id that is sent is taken when it is short and plain. `request.state` has `request_id` and, where traces are
    sent, `traceparent`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and watch."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = Headers(scope=scope)
        request_id = _id_of(sent.get(HEADER))
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        with about(request_id), _spanned(scope["path"], sent.get("traceparent")) as here:
            state["traceparent"] = here.traceparent
            await self._observe(scope, receive, send, here, request_id)

    async def _observe(self, scope: Scope, receive: Receive, send: Send, here: SpanHere, request_id: str) -> None:
        began = time.perf_counter()
        status, answered = 500, None

        async def noted(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status, answered = message["status"], time.perf_counter() - began
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            ended = time.perf_counter() - began
            _report(scope, status, ended if answered is None else answered, ended, here)


def _spanned(path: str, parent: str | None) -> AbstractContextManager[SpanHere]:
    return nullcontext(NOTHING) if _is_usual(path) else span("request", parent, "server")


def _is_usual(path: str) -> bool:
    return path in PROBED or path.endswith(MANY)


def _id_of(sent: str | None) -> str:
    return sent if sent is not None and SANE.fullmatch(sent) else uuid4().hex


def _report(scope: Scope, status: int, answered: float, ended: float, here: SpanHere) -> None:
    route = scope.get("route")
    path, operation = getattr(route, "path", NO_ROUTE), getattr(route, "operation_id", None) or NO_ROUTE
    method = scope["method"] if scope["method"] in METHODS else "other"
    metrics.request(operation, method, status, answered)
    here.rename(f"{method} {path}")
    here.note(http_request_method=method, http_route=path, http_response_status_code=status)
    if status >= 500:
        here.failed(f"answered {status}")
    ms = round(ended * 1000, 1)
    parts = {"method": method, "route": path, "status": status, "ms": ms}
    level = logging.DEBUG if _is_usual(path) and status < 400 else logging.INFO
    log.log(level, "%s %s %d %.1f ms", method, path, status, ms, extra=parts | _video(scope))


def _video(scope: Scope) -> dict[str, str]:
    asked = str((scope.get("path_params") or {}).get("video_id", ""))
    return {"video_id": asked} if PLAIN_ID.fullmatch(asked) else {}
