"""Owns the search over all videos for what was found in them."""

from fastapi import APIRouter

from api.dependencies import CallerDep, SearchParamsDep, ServicesDep
from api.insights.answers import SearchAnswer
from api.insights.searching import Search
from api.problems import documented

router = APIRouter(tags=["results"])


@router.get("/search", operation_id="search", summary="Find videos by what is in them", responses=documented())
def search(services: ServicesDep, caller: CallerDep, params: SearchParamsDep) -> SearchAnswer:
    """An entry for each label that a model found in a video, newest video first; videos that are processed too."""
    return Search(services, caller, params).page()
