"""Owns what is hidden in a frame before anybody sees it; where that is not known, nobody does."""

from collections.abc import Sequence

from api.services import Services
from pipeline.contracts.errors import Conflict
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.results import Box, ResultRow, ResultStatus, TaskName
from pipeline.contracts.videos import Video

SEEN_IN = (TaskName.IDENTITIES, TaskName.FACES, TaskName.EMOTIONS)


def face_boxes(services: Services, video: Video, frame_number: int, rows: Sequence[ResultRow]) -> list[Box]:
    """Where the faces of a frame are, by all of its `rows`.

    Raises Conflict when it is not known: they were not looked for, only the surest were kept, or the search failed. A
    picture that was stored blurred shows no face anyhow.
    """
    if video.store_frames is not StoreFrames.BLURRED:
        check_looked_for(services, video)
        _check_found(video, frame_number, rows)
    return [d.box for row in rows if row.task in SEEN_IN for d in row.detections if d.box is not None]


def check_looked_for(services: Services, video: Video) -> None:
    """Raise Conflict when the faces of a video were not looked for, or only the surest were kept."""
    if video.identification is not None:
        return  # every face that the model sees has been compared, whatever the threshold of the faces task
    asked = next((task for task in video.tasks if task.name is TaskName.FACES), None)
    advice = f"run it again with faces_detection (POST /analysis/{video.video_id}/rerun) and ask that video"
    if asked is None:
        raise Conflict(f"faces cannot be blurred: they were not looked for in video {video.video_id}; {advice}")
    usual = next((m.min_confidence for m in services.models.all() if m.task is TaskName.FACES), 0.0)
    if asked.min_confidence is not None and asked.min_confidence > usual:
        raise Conflict(
            f"faces cannot be blurred: of video {video.video_id} only those were kept that are surer than "
            f"{asked.min_confidence:g}, and the model sees faces from {usual:g} on; {advice}, without minConfidence"
        )


def _check_found(video: Video, frame_number: int, rows: Sequence[ResultRow]) -> None:
    task = TaskName.IDENTITIES if video.identification is not None else TaskName.FACES
    faces = next((row for row in rows if row.task is task), None)
    where = f"frame {frame_number} of video {video.video_id}"
    if faces is None:
        raise Conflict(f"faces cannot be blurred: those of {where} are not known yet; try again in a moment")
    if faces.status is ResultStatus.FAILED:
        raise Conflict(
            f"faces cannot be blurred: the search for them failed in {where} ({faces.error}); run the video again "
            f"(POST /analysis/{video.video_id}/rerun)"
        )
