"""Owns which videos have the same frames: what a video was analysed again from, and as what."""

from pipeline.contracts.videos import Video
from pipeline.stores.videos import VideoStore


def family(videos: VideoStore, video: Video) -> list[Video]:
    """A video, those that it comes from and those that come from them, as far as they are there.

    Those that come from a video that was deleted have copies of the same frames still.
    """
    root, parent = video.video_id, video.parent_id
    while parent is not None:
        root, above = parent, videos.get(parent)
        parent = above.parent_id if above is not None else None
    ids = [root]
    for video_id in ids:
        ids += videos.reruns(video_id)
    return [one for one in map(videos.get, ids) if one is not None]
