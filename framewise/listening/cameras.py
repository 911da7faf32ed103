"""Owns which videos are a camera's: the one that goes on now, and those that came after another."""

from datetime import datetime

from framewise.answers import Video
from framewise.client import Client

CAMERA_TAG = "camera:"
"""Before the camera's id, in a tag of each of its videos."""
LIVE = frozenset({"stream", "rtmp"})
LOOKED_AT = 500


class CameraVideos:
    """The live videos of a camera. It is named by its camera id, or by a live video's id, name, tag or external id."""

    def __init__(self, client: Client, camera: str) -> None:
        self._client = client
        self._camera = camera

    def live(self) -> Video | None:
        """The newest that has not ended."""
        return max((v for v in self._all() if not v.ended), key=lambda video: video.created_at, default=None)

    def after(self, created_at: datetime) -> Video | None:
        """The oldest that is newer than that, ended or not."""
        newer = (video for video in self._all() if video.created_at > created_at)
        return min(newer, key=lambda video: video.created_at, default=None)

    def _all(self) -> list[Video]:
        tagged = self._client.videos(status="all", tag=f"{CAMERA_TAG}{self._camera}", limit=LOOKED_AT)
        found = [video for video in tagged if video.source in LIVE]
        return found or [video for video in self._client.videos(status="all", limit=LOOKED_AT) if self._names(video)]

    def _names(self, video: Video) -> bool:
        return video.source in LIVE and self._camera in {
            video.video_id,
            video.video_name,
            video.external_id,
            *video.tags,
        }
