"""Owns the small picture by which people know a video again."""

import hashlib

import cv2
from fastapi import APIRouter, Request, Response

from api.dependencies import KnownVideo, NoQuery, ServicesDep
from api.problems import documented
from api.services import Services
from pipeline.contracts.errors import FrameUnreadable
from pipeline.contracts.videos import Video
from pipeline.pictures import decode

WIDTH, HEIGHT = 320, 180
QUALITY = 80
JPEG = {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}
router = APIRouter(prefix="/analysis/{video_id}", tags=["results"], dependencies=[NoQuery])


@router.get(
    "/thumbnail",
    operation_id="get_thumbnail",
    summary="A small picture of the first stored frame",
    response_class=Response,
    responses={
        200: {"content": JPEG},
        204: {"description": "no frame is stored: not yet, not any more, or not wanted"},
        304: {"description": "unchanged"},
        **documented(404),
    },
)
def thumbnail(services: ServicesDep, video: KnownVideo, request: Request) -> Response:
    """A JPEG of at most 320 × 180 pixels, without boxes; faces are hidden where they are in what is stored."""
    jpeg = _first(services, video)
    small = _small(jpeg) if jpeg is not None else None
    if small is None:
        return Response(status_code=204, headers={"Cache-Control": "private, no-cache"})
    headers = {"ETag": f'"{hashlib.sha256(small).hexdigest()[:32]}"', "Cache-Control": "private, max-age=60"}
    if headers["ETag"] == request.headers.get("if-none-match", "").removeprefix("W/"):
        return Response(status_code=304, headers=headers)
    return Response(small, media_type="image/jpeg", headers=headers)


def _first(services: Services, video: Video) -> bytes | None:
    """The first frame that is stored still."""
    for bucket in services.frames.buckets(video.video_id):
        for frame in services.frames.stored(video.video_id, bucket):
            if (jpeg := services.frames.get(video.video_id, frame.frame_number)) is not None:
                return jpeg
    return None


def _small(jpeg: bytes) -> bytes | None:
    """The picture scaled down, never up; None of a damaged one, which frames say more about."""
    try:
        image = decode(jpeg)
    except FrameUnreadable:
        return None
    height, width = image.shape[:2]
    share = min(1.0, WIDTH / width, HEIGHT / height)
    size = max(1, round(width * share)), max(1, round(height * share))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
