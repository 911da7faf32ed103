"""Owns how many videos may be open: of all together, and of each key."""

from api.caller import Caller
from api.services import Services
from pipeline.contracts.errors import TooManyRequests

LEAST_WAIT, LONGEST_WAIT = 5, 300
LEAST_MARGIN = 50


class QueueFull(TooManyRequests):
    """Too many videos wait or run."""

    type = "queue-full"
    title = "The queue is full"


def check_room(services: Services, caller: Caller) -> None:
    """Raise QueueFull when no more videos are taken of this caller.

    Near a limit the queue is counted at that moment. Requests that are answered at the same time may still pass
    together, and so exceed it by their number.
    """
    most = services.settings.max_open_videos
    everybody = _open(services, most, None)
    if everybody >= most:
        raise QueueFull(f"{most} videos wait or run; try again when some have ended", _wait(services))
    if caller.key_id is None or not caller.open_videos:
        return
    if _open(services, caller.open_videos, caller.key_id) >= caller.open_videos:
        detail = f"{caller.open_videos} videos of this key wait or run; try again when some have ended"
        raise QueueFull(detail, _wait(services))


def _open(services: Services, limit: int, key_id: str | None) -> int:
    """How many are open; as it was a second ago where that is far from the limit."""
    lately = _count(services, key_id, 1.0)
    return lately if lately + max(LEAST_MARGIN, limit // 10) < limit else _count(services, key_id, 0.0)


def _count(services: Services, key_id: str | None, seconds: float) -> int:
    queue = services.queue.queue(seconds)
    return len(queue.entries) if key_id is None else queue.by_key[key_id]


def _wait(services: Services) -> int:
    """Seconds until a video is likely to have ended."""
    speed = services.queue.speed()
    if speed is None or not speed.rate or not speed.frames_per_video:
        return LEAST_WAIT
    return round(min(max(speed.frames_per_video / speed.rate, LEAST_WAIT), LONGEST_WAIT))
