"""Owns which messages a video owes its callback address: they follow from its state, not from who changed it."""

import json
from datetime import datetime
from uuid import UUID, uuid5

from api.services import Services
from api.views import video_answer
from pipeline.contracts.errors import SourceRefused, SourceUnreachable
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.stores.webhooks import Delivery, now_ms, whole_ms

GONE = 410


class CallbackRefused(SourceRefused):
    """An address that the service does not send to."""

    type = "callback-refused"
    title = "The callback address is not allowed"


def check_callback(services: Services, url: str | None) -> None:
    """Raise CallbackRefused for an address that leads inside; a name without an address may have one later."""
    if url is None:
        return
    try:
        services.guard.check(url)
    except SourceRefused as e:
        raise CallbackRefused(f"callbackURL: {e}") from e
    except SourceUnreachable:
        return


def follow(services: Services, video: Video) -> None:
    """Tell the states of a video from now on; call it before the video is kept, and before it is tried again.

    What it owes by now is written down first, since its next attempt will not know.
    """
    if video.callback_url is not None:
        plan(services, video)
        services.webhooks.watch(video.video_id)


def plan(services: Services, video: Video) -> list[Delivery]:
    """Every delivery of a video, those that it owes by now among them.

    A receiver that has answered 410 is owed nothing more.
    """
    known = services.webhooks.deliveries(video.video_id)
    if any(what.status == GONE for delivery in known for what in delivery.tries):
        return known
    made = {delivery.delivery_id for delivery in known}
    missing = [(status, at) for status, at in _states(video) if delivery_id(video, status) not in made]
    if not missing:
        return known
    for status, at in missing:
        services.webhooks.add(_delivery(services, video, status, at))
    return services.webhooks.deliveries(video.video_id)


def delivery_id(video: Video, status: VideoStatus) -> UUID:
    """The same, whoever makes it and however often."""
    return uuid5(video.video_id, f"{video.attempt}:{status}")


def _states(video: Video) -> list[tuple[VideoStatus, datetime]]:
    """The states that this attempt has reached, and when."""
    found = [(VideoStatus.PROCESSING, video.started_at)]
    if video.status.terminal:
        found.append((video.status, video.finished_at))
    return [(status, at) for status, at in found if at is not None]


def _delivery(services: Services, video: Video, status: VideoStatus, at: datetime) -> Delivery:
    data = video_answer(services, video).model_dump(mode="json", by_alias=True)
    event = f"video.{status}"
    body = json.dumps({"type": event, "timestamp": at.isoformat(), "data": data})
    reached = whole_ms(at)
    return Delivery(video.video_id, delivery_id(video, status), event, video.attempt, reached, body, now_ms())
