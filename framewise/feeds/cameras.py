"""Owns cameras of this machine, and files played as such: a process captures each for as long as it is followed."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from framewise.answers import Video
from framewise.client import Client
from framewise.errors import FramewiseError
from framewise.feeds.file import Feed
from framewise.listening.cameras import CameraVideos

COMMAND = (sys.executable, "-m", "framewise", "camera")
START_SECONDS = 45.0
SAME_SECONDS = 10.0
"""A camera whose earlier video still goes on may take it up again."""
END_SECONDS = 15.0
POLL_SECONDS = 0.5
SAID_BYTES = 2000


@dataclass
class _Capturing:
    process: subprocess.Popen[bytes]
    said: IO[bytes]

    def trouble(self) -> str:
        """Why it ended, empty while it goes on or when it ended in order."""
        if not self.process.poll():
            return ""
        self.said.seek(0, os.SEEK_END)
        self.said.seek(max(0, self.said.tell() - SAID_BYTES))
        lines = self.said.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        return f"the camera ended with status {self.process.returncode}: {last}"


class Cameras:
    """Starts, watches and ends the processes that capture. Threads may share it, each feed used by one at a time."""

    def __init__(self, key: str | None, command: Sequence[str] = COMMAND) -> None:
        self._key = key
        self._command = command
        self._capturing: dict[str, _Capturing] = {}
        self._closing = threading.Lock()
        self._closed = False

    def start(self, client: Client, feed: Feed) -> Video:
        """Have the camera captured; its video, once there is one. Raises FramewiseError when there is none."""
        videos = CameraVideos(client, feed.id)
        before, began = videos.live(), time.monotonic()
        with self._closing:
            if self._closed:
                raise FramewiseError("the feeds have been left")
            capturing = self._capturing[feed.id] = self._started(client.url, feed)
        while True:
            video = videos.live()
            waited = time.monotonic() - began
            if video is not None and (before is None or video.video_id != before.video_id or waited > SAME_SECONDS):
                return video
            if trouble := capturing.trouble():
                raise FramewiseError(trouble)
            if waited > START_SECONDS:
                self._end([capturing])
                raise FramewiseError(f"the camera has no video after {START_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)

    def trouble(self, feed: Feed) -> str:
        """Why a feed's camera ended too soon; empty where none did."""
        capturing = self._capturing.get(feed.id)
        return capturing.trouble() if capturing is not None else ""

    def close(self) -> None:
        """End all that capture; each says to the service that it was the end."""
        with self._closing:
            self._closed = True
            self._end(list(self._capturing.values()))
            self._capturing.clear()

    def _started(self, url: str, feed: Feed) -> _Capturing:
        said = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        environment = os.environ | {"FRAMEWISE_URL": url} | ({"FRAMEWISE_KEY": self._key} if self._key else {})
        command = [*self._command, *arguments(feed)]
        # In a session of its own: Ctrl-C is for us, and we end it in order.
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
        )
        return _Capturing(process, said)

    def _end(self, capturing: list[_Capturing]) -> None:
        for one in capturing:
            if one.process.poll() is None:
                one.process.terminate()
        until = time.monotonic() + END_SECONDS
        for one in capturing:
            try:
                one.process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                one.process.kill()
                one.process.wait()
            one.said.close()


def arguments(feed: Feed) -> list[str]:
    """A feed as the options of `framewise camera`."""
    found = ["--source", feed.source, "--camera-id", feed.id, "--name", feed.id, "--keep", feed.keep]
    if feed.rate:
        found += ["--interval", f"{1 / feed.rate:g}"]
    for tag in feed.tags:
        found += ["--tag", tag]
    if feed.models:
        found += ["--models", ",".join(feed.models)]
    return found
