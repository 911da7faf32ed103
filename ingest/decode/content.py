"""Owns which containers are opened, by content, and what is said of a file that is none of them."""

from typing import Any, BinaryIO

import av
from av.container import InputContainer

from pipeline.contracts.errors import MediaError

CONTAINERS = (
    "mov",  # with mp4, m4a, 3gp
    "matroska",  # with webm
    "avi",
    "mpegts",
    "mpeg",
    "ogg",
    "flv",
    "asf",
    "mxf",
    "ivf",
    "gif",
)
AUDIO_ONLY = ("mp3", "wav", "flac", "aac")  # opened to say that there is no video in them
READABLE = "mp4, mov, mkv, webm, avi, ts, mpeg, ogg, flv, wmv, mxf or gif"


def open_container(source: BinaryIO) -> InputContainer:
    """Open a file object by its content, whatever its name; raises MediaError with what it is instead.

    FFmpeg gets bytes, never a name or an address: demuxers that would open others (playlists, concat) are not in
    the list, no protocol is, and what one of them would still open is refused.
    """
    head = source.read(4096)
    source.seek(0)
    if not head:
        raise MediaError("the file is empty")
    try:
        return av.open(
            source,
            mode="r",
            metadata_errors="replace",
            io_open=_refuse,
            container_options={
                "format_whitelist": ",".join(CONTAINERS + AUDIO_ONLY),
                "protocol_whitelist": "none",
            },
        )
    except (av.error.FFmpegError, OSError, ValueError) as e:
        if isinstance(e, MemoryError) or getattr(e, "errno", None) == 12:
            raise MemoryError from e
        raise MediaError(describe(head)) from e


def _refuse(url: str, flags: int, options: dict[str, Any]) -> None:
    raise PermissionError("a video file may not open another")


def describe(head: bytes) -> str:
    """Why a file that starts like this cannot be opened, for a person."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml")):
        return "the source is a web page, not a video; give the address of the video file itself"
    if text.startswith((b"#extm3u", b"ffconcat")) or b"<mpd" in text[:1000]:
        return "the source is a playlist, which is not followed; give the address of the video file itself"
    if text.startswith((b"\xff\xd8\xff", b"\x89png", b"riff")) and b"avi " not in text[:16]:
        return "the source is a picture or a sound, not a video"
    if head[4:8] in (b"ftyp", b"moov", b"mdat"):
        return "the MP4 file has no usable index (moov); it is cut off or damaged"
    if all(byte >= 32 or byte in b"\t\r\n\f\x1b" for byte in head):
        return "the source is text, not a video"
    return f"the content is not a video that can be opened: {READABLE} is expected, and this is none, or damaged"
