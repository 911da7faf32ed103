"""Owns one request to a callback address: signed (Standard Webhooks), bounded in time, to where the guard lets it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
from standardwebhooks import Webhook

from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.urls import redact_text
from pipeline.outbound.cutting import cut_at
from pipeline.outbound.guard import SourceGuard
from pipeline.outbound.transport import GuardedTransport
from pipeline.stores.webhooks import Delivery, Try, now_ms

ERROR_LENGTH = 300


class Sender:
    """Sends deliveries. Safe for threads; `stopped` cuts what is under way.

    Redirects are not followed and the answer's body is not read.
    """

    def __init__(self, guard: SourceGuard, secret: str, timeout: float, stopped: Callable[[], bool]) -> None:
        self._signer = Webhook(secret)
        self._timeout = timeout
        self._stopped = stopped
        self._client = httpx.Client(
            transport=GuardedTransport(guard),
            follow_redirects=False,
            timeout=timeout,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            headers={"User-Agent": "framewise", "Accept": "*/*"},
        )

    def send(self, url: str, delivery: Delivery) -> Try:
        """One try; it never raises for what a receiver does."""
        at, began = now_ms(), time.monotonic()
        status, error = self._post(url, delivery)
        return Try(at, round(time.monotonic() - began, 3), status, error)

    def _post(self, url: str, delivery: Delivery) -> tuple[int | None, str | None]:
        content, headers = delivery.body.encode(), self._headers(delivery)
        deadline = time.monotonic() + self._timeout
        try:
            with (
                cut_at(deadline, self._stopped) as extensions,
                self._client.stream("POST", url, content=content, headers=headers, extensions=extensions) as answer,
            ):
                return answer.status_code, None if answer.is_success else f"the receiver answered {answer.status_code}"
        except (httpx.HTTPError, httpx.InvalidURL, FramewiseError) as e:
            late = time.monotonic() >= deadline
            reason = f"no answer within {self._timeout:g} s" if late else redact_text(str(e)) or type(e).__name__
            return None, reason[:ERROR_LENGTH]

    def _headers(self, delivery: Delivery) -> dict[str, str]:
        now, message_id = datetime.now(UTC), str(delivery.delivery_id)
        return {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(message_id, now, delivery.body),
        }

    def close(self) -> None:
        """Give back connections."""
        self._client.close()
