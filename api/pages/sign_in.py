"""Owns signing in: a page takes an API key, and the browser brings it along from then on."""

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.gate import SIGN_IN, SIGN_OUT
from api.keys.cookie import forget_key, from_own_page, keep_key
from api.keys.ring import KeyRing
from api.pages.shell import page
from pipeline.contracts.errors import Forbidden, Unauthorized

FOREIGN = "this came from another site's page; open the sign-in page of this service and try again"
KEY_LENGTH = 200
router = APIRouter(include_in_schema=False)


@router.get(SIGN_IN)
def sign_in_page(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    """A field for the key; nothing to ask for where none is needed."""
    if _ring(request) is None:
        return RedirectResponse(_local(next), 303)
    return page(request, "sign_in.html", next=_local(next), wrong=None)


@router.post(SIGN_IN)
async def sign_in(request: Request) -> Response:
    """Keep a key that is known, and go where the person was going; 401 with the reason otherwise."""
    if not from_own_page(request.headers, changes=True):
        raise Forbidden(FOREIGN)
    async with request.form(max_files=0, max_fields=5) as form:
        key, target = str(form.get("key", "")).strip()[:KEY_LENGTH], _local(str(form.get("next", "/")))
    if (ring := _ring(request)) is not None:
        try:
            await run_in_threadpool(ring.caller, key)
        except Unauthorized as e:
            return page(request, "sign_in.html", status=401, next=target, wrong=str(e))
    answer = RedirectResponse(target, 303)
    if ring is not None:
        keep_key(answer, key, secure=request.url.scheme == "https")
    return answer


@router.post(SIGN_OUT)
async def sign_out(request: Request) -> Response:
    """Have the browser forget the key."""
    if not from_own_page(request.headers, changes=True):
        raise Forbidden(FOREIGN)
    answer = RedirectResponse(SIGN_IN, 303)
    forget_key(answer)
    return answer


def _ring(request: Request) -> KeyRing | None:
    ring: KeyRing | None = request.app.state.keys
    return ring


def _local(target: str) -> str:
    """A path of this service; whatever might lead elsewhere becomes the first page."""
    fine = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if fine else "/"
