"""Owns the cookie that brings an API key along in a browser, and when it counts: for this service's own pages only."""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response

COOKIE = "framewise_key"
OWN = frozenset({"same-origin", "none"})
"""What browsers say (Fetch Metadata, `Sec-Fetch-Site`) of requests by one's own pages, or by the person."""


def key_in(headers: Headers, changes: bool) -> str | None:
    """The key in the cookie; None where there is none, or where another site's page may have sent the request."""
    jar = SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except CookieError:
        return None
    sent = jar.get(COOKIE)
    return sent.value if sent is not None and from_own_page(headers, changes) else None


def from_own_page(headers: Headers, changes: bool) -> bool:
    """Whether one's own page sent a request. What changes something must prove it; an address typed in need not."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in OWN:
        return False
    if origin is not None:
        return urlsplit(origin).netloc == headers.get("host")
    return site is not None or not changes


def keep_key(response: Response, key: str, secure: bool) -> None:
    """Have the browser send the key until it is closed: to this service alone, and hidden from scripts."""
    response.set_cookie(COOKIE, key, path="/", secure=secure, httponly=True, samesite="strict")


def forget_key(response: Response) -> None:
    """Have the browser forget it."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
