"""Owns the numbers by which OpenCV names codecs (`CAP_PROP_FOURCC`): what result files say as `codec_code`."""

CODES = {
    "av1": "AV01",
    "dvvideo": "dvsd",
    "flv": "flv1",
    "gif": "gif ",
    "mjpeg": "MJPG",
    "mpeg1video": "mpg1",
    "mpeg2video": "mpg2",
    "mpeg4": "FMP4",
    "msmpeg4v2": "MP42",
    "msmpeg4v3": "MP43",
    "prores": "apch",
    "vp8": "VP80",
    "vp9": "VP90",
}
"""Where it is not the first four letters of the codec's name; as OpenCV 5 answers."""


def codec_code(codec: str | None) -> int | None:
    """The number of a codec that the service names, such as h264; None where none is known."""
    if not codec:
        return None
    letters = CODES.get(codec, codec)[:4].ljust(4).encode("ascii", "replace")
    return int.from_bytes(letters, "little")
