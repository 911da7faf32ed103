"""Owns one viewer's stream: parts of multipart/x-mixed-replace, always the newest picture, until the video ends."""

import asyncio
from collections.abc import AsyncGenerator

from starlette.types import Message, Receive, Scope, Send

from api.events.response import EventResponse
from api.live.scene import VideoScene
from api.live.screen import Picture, Viewer
from api.live.shots import View
from api.services import Services
from pipeline.contracts.videos import Video

BOUNDARY = "framewise"
OPENING = f"--{BOUNDARY}\r\n".encode()
NEXT = f"\r\n--{BOUNDARY}\r\n".encode()
END = f"\r\n--{BOUNDARY}--\r\n".encode()
AGAIN_SECONDS = 15.0
"""So often the last picture is sent again when there is no other: whoever is gone is noticed."""
UNREAD_SECONDS = 60.0
"""A viewer who takes nothing for so long is given up."""


class PictureResponse(EventResponse):
    """Ends as a stream of events does, and when the viewer does not read."""

    media_type = f"multipart/x-mixed-replace; boundary={BOUNDARY}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send; what is not taken in time ends it."""

        async def in_time(message: Message) -> None:
            await asyncio.wait_for(send(message), UNREAD_SECONDS)

        await super().__call__(scope, receive, in_time)


async def pictures(services: Services, video: Video, view: View) -> AsyncGenerator[bytes, None]:
    """What is sent. The boundary follows each picture at once: browsers show a part when it is over."""
    yield OPENING
    with services.live.look(video.video_id, view, VideoScene(services, video)) as (screen, viewer):
        stopping = asyncio.ensure_future(services.events.wait_for_stop())
        stopping.add_done_callback(lambda _: viewer.news.set())
        try:
            shown: Picture | None = None
            while not (services.events.stopped or screen.over):
                viewer.news.clear()
                picture = screen.picture(view)
                if picture is not None and (picture is not shown or not await _news(viewer)):
                    shown = picture
                    yield part(picture) + NEXT
                elif picture is None:
                    await _news(viewer)
        finally:
            stopping.cancel()
        last = screen.picture(view)
        yield (part(last) if last is not None else b"") + END


async def _news(viewer: Viewer) -> bool:
    """Wait for another picture or the end; False when there was none for long."""
    try:
        await asyncio.wait_for(viewer.news.wait(), AGAIN_SECONDS)
    except TimeoutError:
        return False
    return True


def part(picture: Picture) -> bytes:
    """A picture with the headers of its part."""
    head = (
        f"Content-Type: image/jpeg\r\nContent-Length: {len(picture.jpeg)}\r\n"
        f"X-Frame-Number: {picture.shot.frame_number}\r\nX-Media-Time: {picture.shot.media_time:.6f}\r\n\r\n"
    )
    return head.encode() + picture.jpeg
