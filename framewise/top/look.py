"""Owns one look at a service: how it does, its live streams, and the files at work."""

from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from framewise.answers import Answer, Video
from framewise.client import Client
from framewise.errors import FramewiseError
from framewise.system import LiveStream, System

MOST_VIDEOS = 50


class Look(Answer):
    """What was seen. `error` says why nothing was, while the service does not answer."""

    system: System | None = None
    streams: tuple[LiveStream, ...] = ()
    videos: tuple[Video, ...] = ()
    error: str | None = None


class Looking:
    """Looks, with a question to each part at the same time; `close` gives the threads back."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._pool = ThreadPoolExecutor(3, thread_name_prefix="look")

    def __call__(self) -> Look:
        """One look; what fails is said in it."""
        system = self._pool.submit(self._client.system)
        streams = self._pool.submit(self._client.live_streams)
        videos = self._pool.submit(self._files)
        try:
            return Look(system=system.result(), streams=tuple(streams.result()), videos=tuple(videos.result()))
        except FramewiseError as e:
            return Look(error=str(e))

    def _files(self) -> list[Video]:
        """Those that are analysed; streams are asked for by themselves."""
        found = islice(self._client.videos(status="processing", limit=2 * MOST_VIDEOS), 2 * MOST_VIDEOS)
        return [video for video in found if video.keep is None][:MOST_VIDEOS]

    def close(self) -> None:
        """Give the threads back."""
        self._pool.shutdown(wait=False, cancel_futures=True)
