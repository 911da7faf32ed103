"""Owns cutting a finding out of its frame, with a margin, as a JPEG that fits into a message."""

import cv2
import numpy as np

from connectors.edge.crops import MAX_BYTES
from inference.arrays import Image
from pipeline.contracts.results import Box
from pipeline.crop_quality import pixels_of

QUALITIES = (92, 75)
"""Of the JPEG; the second where it became too large. If that is not enough it is made smaller."""


def with_margin(box: Box, margin: float) -> Box:
    """The box, larger by `margin` of its sides on each side, as far as the frame goes.

    Who looks for the face again needs some of what is around it. Measured on 172 sharp, frontal faces of twelve videos:
    yunet_n found 47 % of them again with a margin of 0.2, 75 % with 0.4, 87 % with 1, 91 % with 1.5 and 97 % with 2.
    """
    left, top = max(0.0, box.x - box.width * margin), max(0.0, box.y - box.height * margin)
    right = min(1.0, box.x + box.width * (1 + margin))
    bottom = min(1.0, box.y + box.height * (1 + margin))
    return Box(left, top, right - left, bottom - top)


def cut(image: Image, area: Box, largest: int) -> bytes:
    """The area of a frame as JPEG, its longer side `largest` pixels at most, and no larger than a message may be."""
    height, width = image.shape[:2]
    inside = pixels_of(area, width, height)
    crop, longer = image[inside.rows, inside.columns], max(inside.shape)
    if longer > largest:
        scale, longer = largest / longer, largest
        crop = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    for quality in QUALITIES:
        jpeg = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(jpeg) <= MAX_BYTES:
            return jpeg
    return cut(image, area, longer // 2)
