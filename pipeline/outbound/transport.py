"""Owns the way out: an httpx transport that dials only what the guard has checked."""

import httpx

from pipeline.outbound.guard import SourceGuard


class GuardedTransport(httpx.BaseTransport):
    """Checks every request, those that redirects lead to included, and dials exactly the checked address.

    The URL's host is replaced by the address; Host header, SNI and the certificate's name stay the original's.
    Proxies of the environment are not used: they would dial in our place.
    """

    def __init__(self, guard: SourceGuard) -> None:
        self._guard = guard
        self._inner = httpx.HTTPTransport(
            verify=httpx.create_ssl_context(), trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Try the checked addresses in turn; raises SourceRefused, or httpx's error of the last one."""
        destination = self._guard.check(str(request.url))
        failure: httpx.TransportError | None = None
        for address in destination.addresses:
            try:
                return self._inner.handle_request(_pinned(request, destination.host, address))
            except (httpx.ConnectError, httpx.ConnectTimeout) as e:
                failure = e
        raise failure or httpx.ConnectError("no address")

    def close(self) -> None:
        """Give back connections."""
        self._inner.close()


def _pinned(request: httpx.Request, host: str, address: str) -> httpx.Request:
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )
