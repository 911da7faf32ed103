"""Owns what changes a video: cancel, retry, delete."""

from uuid import UUID

from framewise.answers import Video
from framewise.connection import Connection


class Control:
    """Changes videos. Each call may be repeated without harm."""

    _connection: Connection

    def cancel(self, video_id: str | UUID) -> Video:
        """Stop the analysis; a video that has ended stays as it is."""
        return Video.model_validate(self._connection.json("POST", f"/analysis/{video_id}/cancel"))

    def retry(self, video_id: str | UUID) -> Video:
        """Try a failed or cancelled video again: only frames without a good outcome are analysed."""
        return Video.model_validate(self._connection.json("POST", f"/analysis/{video_id}/retry"))

    def delete(self, video_id: str | UUID) -> None:
        """Remove a video with its frames, results and files, in whatever state it is."""
        self._connection.json("DELETE", f"/analysis/{video_id}")
