"""Owns the results: pages of rows, and whole selections as files."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Response

from api import cursors
from api.dependencies import KnownVideo, ResultParamsDep, ServicesDep
from api.exports.answers import CocoAnswer
from api.exports.formats import CONTENT, format_of
from api.exports.stream import Selection, send
from api.params import ResultParams
from api.problems import documented
from api.responses import ResultsAnswer
from api.rows import page_json
from api.services import Services
from api.tracks.joining import with_tracks
from pipeline.contracts.videos import Video
from pipeline.stores.rows import RowPlace

router = APIRouter(prefix="/analysis/{video_id}", tags=["results"])
DOCUMENTED: dict[int | str, dict[str, Any]] = {200: {"content": CONTENT}, **documented(404, 409)}


@router.get(
    "/results",
    operation_id="list_results",
    summary="A page of results, or all of them as a file",
    response_model=ResultsAnswer | CocoAnswer,
    responses=DOCUMENTED,
)
def list_results(services: ServicesDep, video: KnownVideo, params: ResultParamsDep) -> Response:
    """Rows by frame number. While the video is processed, the last page has a cursor to go on from later.

    With `format`, and neither `limit` nor `cursor`, the whole selection is streamed as a file. A file that ends without
    the end of its transfer (chunked encoding) is not complete: a store failed meanwhile, ask again.
    """
    if params.export is not None:
        return send(Selection.of(services, video, params.query()), format_of(params.export))
    return Response(_page(services, video, params), media_type="application/json")


def _page(services: Services, video: Video, params: ResultParams) -> bytes:
    query = params.query()
    bound_to = cursors.fingerprint("results", video.video_id, sorted(query.tasks or ()), replace(query, tasks=None))
    after = None
    if params.cursor is not None:
        number, task = cursors.decode(params.cursor, bound_to, int, str)
        after = RowPlace(number, task)
    page = services.results.page(video.video_id, query, params.limit, after)
    place = page.next
    next_cursor = cursors.encode([place.frame_number, place.task], bound_to) if place else None
    rows = with_tracks(services.tracks, video.video_id, page.rows)
    return page_json(rows, next_cursor, complete=video.status.terminal)
