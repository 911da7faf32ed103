"""Owns what is said of a work that did not go well, and whether another try would end differently."""

import logging

from connectors.aws.job import Failure
from connectors.aws.messages import MessageInvalid
from connectors.aws.seams import DocumentInvalid, VideoVanished
from framewise.answers import Video
from framewise.errors import FramewiseError as ClientError
from framewise.errors import Invalid
from pipeline.contracts.errors import FramewiseError, MediaError, SourceRefused, SourceTooLarge

FINAL = (MessageInvalid, DocumentInvalid, VideoVanished, Invalid)
FINAL_PROBLEMS = frozenset({MediaError.type, SourceRefused.type, SourceTooLarge.type})
"""Of a video that has failed: another try would find the same."""

logger = logging.getLogger(__name__)


class AnalysisFailed(FramewiseError):
    """The service could not analyse the video. `final` says that it would not the next time either."""

    type = "analysis-failed"
    title = "The video could not be analysed"

    def __init__(self, video: Video) -> None:
        super().__init__(_why(video))
        self.final = video.status == "cancelled" or (video.error is not None and video.error.type in FINAL_PROBLEMS)


def failure_of(error: Exception) -> Failure:
    """An error as the document and the dead-letter queue say it."""
    if isinstance(error, AnalysisFailed):
        return Failure(str(error), error.final)
    if isinstance(error, FramewiseError | ClientError | OSError):
        return Failure(str(error), final=isinstance(error, FINAL))
    logger.error("this should not happen", exc_info=error)
    return Failure(f"{type(error).__name__}: {error}", final=False)


def _why(video: Video) -> str:
    if video.status == "cancelled":
        return "the analysis was cancelled"
    return f"{video.error.title}: {video.error.detail}" if video.error else f"the analysis ended as {video.status}"
