"""Owns what is turned away before any route: foreign hosts and origins, requests without a key, bodies too large."""

from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.caller import ANYBODY, STRANGER, Caller
from api.keys.cookie import key_in
from api.keys.rates import RequestRates
from api.keys.ring import ASK, KeyRing
from api.people.sent import FORM_BYTES
from api.problems import BodyTooLarge, body_too_large, problem, problem_of
from pipeline.contracts.errors import Forbidden, FramewiseError, Unauthorized
from pipeline.contracts.settings import LOOPBACK
from pipeline.stores.keys import Scope as KeyScope

JSON_BYTES = 2**20
NEEDS_NO_KEY = frozenset({"/healthz", "/readyz", "/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"})
"""What is told without a key: that the service runs, whether it is ready (a stranger gets no details), and the docs."""
SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"
STATIC = "/static/"
PEOPLE = "/people"
HOOKS = "/hooks/"
"""What servers of the stack ask: they show a secret of their own."""
READING = frozenset({"GET", "HEAD", "OPTIONS"})


class LoopbackGate:
    """Refuses requests for another host name, or from a page of another origin: a service without keys is local."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through, or answer 403."""
        asked = scope["type"] == "http" and not scope["path"].startswith(HOOKS)
        if asked and (reason := _foreign(Headers(scope=scope))):
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


class KeyGate:
    """Says who asks, in `request.state.caller`; refuses requests without a key, or whose key does not allow them.

    Without a key ring no keys are needed.
    """

    def __init__(self, app: ASGIApp, keys: KeyRing | None) -> None:
        self._app = app
        self._keys = keys
        self._rates = RequestRates()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through, or answer 401, 403, 429, or 503 when keys cannot be looked up."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            caller = await self._caller(scope)
        except FramewiseError as e:
            await _refusal(Request(scope), e)(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)

    async def _caller(self, scope: Scope) -> Caller:
        if self._keys is None:
            return ANYBODY
        if _is_open(scope["path"]):
            return STRANGER
        if (sent := _key_sent(Headers(scope=scope), scope["method"])) is None:
            if scope["path"] in NEEDS_NO_KEY:
                return STRANGER
            raise Unauthorized(f"this service needs a key: {ASK}")
        caller = self._keys.known(sent)
        if caller is None:
            caller = await run_in_threadpool(self._keys.caller, sent)
        self._rates.count(caller)
        wanted = KeyScope.READ if scope["method"] in READING else KeyScope.SUBMIT
        if scope["path"] not in NEEDS_NO_KEY and not caller.may(wanted):
            raise Forbidden(f"this needs the scope {wanted}; the key has {', '.join(sorted(caller.scopes)) or 'none'}")
        return caller


def _is_open(path: str) -> bool:
    """Whether anybody may ask, and a key makes no difference: what signing in needs, and servers of the stack."""
    return path in (SIGN_IN, SIGN_OUT) or path.startswith((STATIC, HOOKS))


def _key_sent(headers: Headers, method: str) -> str | None:
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return token.strip()
    return headers.get("x-api-key") or key_in(headers, method not in READING)


def _refusal(request: Request, error: FramewiseError) -> Response:
    """The problem; whoever opens a page without a key is asked for one."""
    looks = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    if isinstance(error, Unauthorized) and looks:
        asked = quote(f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path)
        return RedirectResponse(f"{SIGN_IN}?next={asked}", 303)
    return problem_of(request, error)


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
        limit = self._limit(scope)
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

    def _limit(self, scope: Scope) -> int:
        """A form is written to a file before it is read: of photos no more than can be right."""
        if not Headers(scope=scope).get("content-type", "").startswith("multipart/form-data"):
            return JSON_BYTES
        return min(self._upload_bytes, FORM_BYTES) if scope["path"].startswith(PEOPLE) else self._upload_bytes
