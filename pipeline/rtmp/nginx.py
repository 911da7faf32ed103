"""Owns the questions to nginx with its RTMP module: what its statistics say, and its control calls.

https://github.com/arut/nginx-rtmp-module/wiki/Directives (rtmp_stat, rtmp_control) describes both.
"""

import re
from pathlib import Path
from xml.etree import ElementTree

import httpx

from pipeline.contracts.errors import RtmpUnavailable
from pipeline.contracts.settings import RtmpSettings
from pipeline.rtmp.keys import server_secret
from pipeline.rtmp.server import Publishing

SECONDS = 2.0
SECRET_HEADER = "X-Framewise-Secret"
APPLICATION = "live"
MOST_BYTES = 8 * 2**20
UNKNOWN_TO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd]")
INSTALL = "on Debian or Ubuntu: apt install nginx libnginx-mod-rtmp"


class NginxRtmp:
    """RtmpServer by nginx. Safe for threads; close it at the end."""

    def __init__(self, settings: RtmpSettings, data_dir: Path) -> None:
        self._url = settings.rtmp_control_url
        headers = {SECRET_HEADER: server_secret(data_dir)}
        self._http = httpx.Client(base_url=self._url, headers=headers, timeout=SECONDS, trust_env=False)

    def published(self) -> dict[str, Publishing]:
        """The streams that are published now; none when nothing listens there."""
        try:
            return published_in(self._ask("/stat"))
        except httpx.ConnectError:
            return {}

    def drop(self, name: str) -> None:
        """End whoever publishes a stream."""
        try:
            self._ask("/control/drop/publisher", app=APPLICATION, name=name)
        except httpx.ConnectError:
            return

    def check(self) -> str:
        """How many streams are published."""
        try:
            return f"{len(published_in(self._ask('/stat')))} streams"
        except httpx.ConnectError as e:
            raise RtmpUnavailable(
                f"the RTMP server does not answer at {self._url}. It is nginx with its RTMP module ({INSTALL}); then "
                "start again: ./run.sh down, ./run.sh. ./run.sh status says how it stands"
            ) from e

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def _ask(self, path: str, **query: str) -> bytes:
        try:
            answer = self._http.get(path, params=query)
        except httpx.ConnectError:
            raise
        except httpx.HTTPError as e:
            raise RtmpUnavailable(f"the RTMP server does not answer at {self._url}: {type(e).__name__}") from e
        if answer.status_code == 403:
            raise RtmpUnavailable(f"what answers at {self._url} is not this stack's RTMP server: its secret differs")
        # A control call that finds nobody answers 404 or nothing.
        return answer.content if answer.status_code < 400 else b""


def published_in(statistics: bytes) -> dict[str, Publishing]:
    """The streams with a publisher, in the XML of `rtmp_stat`; raises RtmpUnavailable for what is none."""
    # A publisher's own words are in it: nginx escapes them, but leaves bytes in them that XML does not know.
    text = UNKNOWN_TO_XML.sub("", statistics.decode("utf-8", "replace"))
    if len(text) > MOST_BYTES or "<!" in text:
        raise RtmpUnavailable("the RTMP server's statistics cannot be read")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - nginx made it, and no entities are let through
    except ElementTree.ParseError as e:
        raise RtmpUnavailable(f"the RTMP server's statistics cannot be read: {e}") from e
    found = {}
    for stream in root.iterfind(".//application/live/stream"):
        client = next((c for c in stream.iterfind("client") if c.find("publishing") is not None), None)
        if client is not None:
            name = stream.findtext("name", "")
            found[name] = Publishing(name, client.findtext("id", ""), int(stream.findtext("bytes_in", "0")))
    return found
