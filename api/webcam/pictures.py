"""Owns which pictures are taken: JPEGs by their content, of a size that can be worked on."""

from fastapi.exceptions import RequestValidationError

from pipeline.contracts.errors import FrameUnreadable
from pipeline.contracts.jpegs import jpeg_size

MOST_PIXELS = 4096 * 2304


def check_picture(data: bytes) -> None:
    """Raise RequestValidationError unless it is a JPEG as far as its header goes; only the sandbox decodes it."""
    try:
        width, height = jpeg_size(data)
    except FrameUnreadable as e:
        raise _refused(f"{e}; send one JPEG as the body") from e
    if not 0 < width * height <= MOST_PIXELS:
        raise _refused(f"the picture has {width}×{height} pixels; at most {MOST_PIXELS} are taken, as of 4096×2304")


def _refused(reason: str) -> RequestValidationError:
    return RequestValidationError([{"loc": ("body",), "msg": reason, "type": "picture"}])
