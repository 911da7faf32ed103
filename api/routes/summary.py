"""Owns the summary of a video's results."""

from fastapi import APIRouter

from api.dependencies import KnownVideo, ServicesDep, SummaryParamsDep
from api.insights.answers import SummaryAnswer
from api.insights.question import Question
from api.insights.summary_view import summarise
from api.params import SummaryParams
from api.problems import documented

router = APIRouter(prefix="/analysis/{video_id}", tags=["results"])


@router.get(
    "/summary", operation_id="get_summary", summary="What was found in a video, and when", responses=documented(404)
)
def get_summary(services: ServicesDep, video: KnownVideo, params: SummaryParamsDep) -> SummaryAnswer:
    """By task and label: frames, first and last time, segments, dwell time; emotions over time; main colours.

    It can be asked while the video is processed, and says whether it is complete.
    """
    return summarise(services, video, _question(params), params.gap)


def _question(params: SummaryParams) -> Question:
    tasks = frozenset(params.task) if params.task else None
    return Question(tasks, params.label, params.min_confidence, params.from_, params.to)
