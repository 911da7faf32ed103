"""Owns the thread that tells callback addresses of states: it looks through the listing, round by round."""

import logging
import math
import os
import socket
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from api.services import Services
from api.webhooks.plan import plan
from api.webhooks.schedule import Schedule
from api.webhooks.secret import load_secret
from api.webhooks.sender import Sender
from pipeline.contracts.errors import StoreError
from pipeline.contracts.settings import WebhookSettings
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.observing import metrics
from pipeline.patience import patiently
from pipeline.stores.webhooks import Delivery, DeliveryState, Watched, now_ms

ROUND_SECONDS = 2.0
ROUND_VIDEOS = 500
SENDERS = 8
SENDERS_PER_HOST = 3
RECORD_SECONDS = 20.0
"""So long a store that is away is waited for with what became of a try, since the receiver knows it already."""
NEVER_CAME = timedelta(minutes=10)
"""So long a listed video may not be there yet: it is listed before it is kept."""

log = logging.getLogger(__name__)
State = tuple[int, int, VideoStatus]


class Notifier:
    """Sends what is due, in threads of its own. Any number of processes may do so: each delivery is claimed."""

    def __init__(
        self,
        services: Services,
        sender: Sender,
        schedule: Schedule,
        stop: threading.Event,
        claim_seconds: int = 30,
    ) -> None:
        """A delivery is claimed for longer than a try can take; then another takes it over."""
        self._services = services
        self._store = services.webhooks
        self._sender = sender
        self._schedule = schedule
        self._claim_seconds = claim_seconds
        self._stop = stop
        self._name = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._place: UUID | None = None
        self._quiet: dict[UUID, tuple[State, datetime | None]] = {}
        self._sending: dict[UUID, tuple[str, threading.Thread]] = {}
        self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """End, waiting at most `seconds`; what is under way is cut, and left to others."""
        self._stop.set()
        until = time.monotonic() + seconds
        for thread in (self._thread, *(thread for _, thread in list(self._sending.values()))):
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        while not self._stop.wait(ROUND_SECONDS):
            try:
                self.round()
            except StoreError as e:
                log.warning("webhooks wait for the store: %s", e)
            except Exception:
                log.exception("an error while telling states")

    def round(self) -> None:
        """Look at the next videos of the listing; at its end the next round begins anew."""
        listed = self._store.watched(self._place, ROUND_VIDEOS)
        self._place = listed[-1].video_id if len(listed) == ROUND_VIDEOS else None
        for watched in listed:
            if self._stop.is_set():
                return
            self._try_to_attend(watched)

    def _try_to_attend(self, watched: Watched) -> None:
        """An error over one video keeps nobody else waiting; raises StoreError."""
        try:
            self._attend(watched)
        except StoreError:
            raise
        except Exception:
            log.exception("video %s: an error while telling its states", watched.video_id)

    def _attend(self, watched: Watched) -> None:
        video = self._services.videos.get(watched.video_id)
        if video is None or video.callback_url is None:
            if now_ms() - watched.since > NEVER_CAME:
                self._store.unwatch(watched)
            return
        state = (watched.mark, video.attempt, video.status)
        known, next_at = self._quiet.get(video.video_id, (None, None))
        if known == state and (next_at is None or next_at > now_ms()):
            return
        pending = [d for d in self._owed(video) if d.state is DeliveryState.PENDING]
        if video.status.terminal and not pending:
            self._store.unwatch(watched)
            self._quiet.pop(video.video_id, None)
            return
        self._remember(video.video_id, state, pending)
        self._send_due(video, video.callback_url, pending)

    def _owed(self, video: Video) -> list[Delivery]:
        """What is owed; nothing is left behind of a video that was deleted meanwhile."""
        owed = plan(self._services, video)
        if owed and self._services.videos.get(video.video_id) is None:
            self._store.forget(video.video_id)
            return []
        return owed

    def _remember(self, video_id: UUID, state: State, pending: Sequence[Delivery]) -> None:
        """When to look at this video's deliveries again, if its state stays the same."""
        if len(self._quiet) > 20 * ROUND_VIDEOS:
            self._quiet.clear()
        self._quiet[video_id] = (state, min((d.next_at for d in pending if d.next_at), default=None))

    def _send_due(self, video: Video, url: str, pending: Sequence[Delivery]) -> None:
        """Begin with the first that is due; the next ones follow in their turn, so that states come in order."""
        due = [d for d in pending if d.next_at is not None and d.next_at <= now_ms()]
        if not due or any(d.delivery_id in self._sending for d in pending) or not self._has_room(url):
            return
        delivery = due[0]
        thread = threading.Thread(target=self._deliver, args=(url, delivery), name="webhook", daemon=True)
        self._sending[delivery.delivery_id] = (_host(url), thread)
        thread.start()

    def _has_room(self, url: str) -> bool:
        hosts = [host for host, _ in list(self._sending.values())]
        return len(hosts) < SENDERS and hosts.count(_host(url)) < SENDERS_PER_HOST

    def _deliver(self, url: str, delivery: Delivery) -> None:
        try:
            if self._store.claim(delivery, self._name, self._claim_seconds):
                what = self._sender.send(url, delivery)
                after = delivery
                if what.error is None or not self._stop.is_set():
                    after = self._schedule.outcome(delivery, what, now_ms())
                    metrics.webhook(after.state.value)
                    log.info("video %s: %s %s: %s", delivery.video_id, delivery.event, after.state, what.error or "ok")
                patiently(partial(self._store.record, after, self._name), RECORD_SECONDS)
        except StoreError as e:
            log.warning("video %s: a webhook waits for the store: %s", delivery.video_id, e)
        finally:
            self._quiet.pop(delivery.video_id, None)
            del self._sending[delivery.delivery_id]


def make_notifier(services: Services, settings: WebhookSettings, data_dir: Path) -> Notifier:
    """The notifier of a process; raises SecretInvalid."""
    stop = threading.Event()
    sender = Sender(services.guard, load_secret(settings, data_dir), settings.webhook_timeout, stop.is_set)
    claim = 5 + math.ceil(2 * settings.webhook_timeout)
    return Notifier(services, sender, Schedule(settings.webhook_retry_seconds), stop, claim)


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2].lower()
