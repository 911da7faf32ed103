"""Owns the body that asks for a live source to be pulled, and what of its address can be checked at once."""

from urllib.parse import unquote, urlsplit

from pydantic import AliasChoices, ConfigDict, Field, field_validator

from api.fields import NAME_LENGTH
from api.requests import LiveOptions
from pipeline.contracts.errors import SourceRefused, SourceUnreachable
from pipeline.contracts.settings import LiveSettings
from pipeline.outbound.guard import STREAM_PORTS, SourceGuard

DEVICE = "device:"


class StreamRequest(LiveOptions):
    """Analyse a live source that is pulled."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "streamURL": "rtsp://camera.example.com/stream1",
                    "modelsToRun": ["objects_detection"],
                    "videoName": "Gate",
                    "sampleSeconds": 0.5,
                }
            ]
        }
    )

    stream_url: str = Field(
        validation_alias=AliasChoices("streamURL", "streamUrl", "stream_url"),
        min_length=1,
        max_length=4096,
        description="rtsp, rtsps, rtmp, rtmps, http or https (motion JPEG, a container that does not end, or HLS where "
        "the settings allow it), or `device:NAME` for a camera of this machine that the settings name; a number names "
        "a device too",
    )

    @field_validator("stream_url", mode="before")
    @classmethod
    def _numbers_are_devices(cls, value: object) -> object:
        return f"{DEVICE}{value}" if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("stream_url")
    @classmethod
    def _can_be_dialled(cls, url: str) -> str:
        if url.startswith(DEVICE):
            return url
        if any(ord(c) <= 32 or ord(c) == 127 for c in url):
            raise ValueError("streamURL must not hold spaces or control characters; percent-encode them")
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError as e:
            raise ValueError("streamURL is not an address; percent-encode special characters in it") from e
        if parts.scheme not in STREAM_PORTS or not host:
            raise ValueError(f"streamURL must start with {', '.join(STREAM_PORTS)} or {DEVICE} and say where it is")
        return url

    @property
    def name(self) -> str:
        """What the video is called if nothing is said: the device, the end of the path, or the host."""
        if self.stream_url.startswith(DEVICE):
            return self.stream_url[:NAME_LENGTH]
        parts = urlsplit(self.stream_url)
        return (unquote(parts.path.rstrip("/").rpartition("/")[2]) or parts.hostname or "stream")[:NAME_LENGTH]


def check_stream(guard: SourceGuard, settings: LiveSettings, url: str) -> None:
    """Raise SourceRefused for a device that is not named, or an address that leads inside; a host that has no address
    now may have one later.
    """
    if url.startswith(DEVICE):
        name = url.removeprefix(DEVICE)
        if name not in settings.devices:
            known = ", ".join(sorted(settings.devices)) or "there is none"
            raise SourceRefused(f"no camera is registered as {name!r} in FRAMEWISE_DEVICES; known: {known}")
        return
    if urlsplit(url).path.endswith(".m3u8") and not settings.allow_hls:
        raise SourceRefused("playlists (HLS) are followed only with FRAMEWISE_ALLOW_HLS=true")
    try:
        guard.check(url, STREAM_PORTS)
    except SourceUnreachable:
        return
