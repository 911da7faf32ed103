"""Owns the results: pages of rows."""

from fastapi import APIRouter

from api import cursors
from api.dependencies import KnownVideo, ResultParamsDep, ServicesDep
from api.problems import documented
from api.responses import ResultsAnswer
from api.views import result_answer
from pipeline.result_store import RowPlace

router = APIRouter(prefix="/analysis/{video_id}", tags=["results"])


@router.get("/results", operation_id="list_results", summary="A page of results", responses=documented(404))
def list_results(services: ServicesDep, video: KnownVideo, params: ResultParamsDep) -> ResultsAnswer:
    """Rows by frame number. While the video is processed, the last page has a cursor to go on from later."""
    query = params.query()
    bound_to = cursors.fingerprint("results", video.video_id, query)
    after = None
    if params.cursor is not None:
        number, task = cursors.decode(params.cursor, bound_to, int, str)
        after = RowPlace(number, task)
    page = services.results.page(video.video_id, query, params.limit, after)
    complete = video.status.terminal
    next_place = page.next
    return ResultsAnswer(
        items=[result_answer(row) for row in page.rows],
        next_cursor=cursors.encode([next_place.frame_number, next_place.task], bound_to) if next_place else None,
        complete=complete,
    )
