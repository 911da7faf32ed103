"""Owns the page of all videos."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.pages.shell import page

router = APIRouter(include_in_schema=False)


@router.get("/videos")
def videos(request: Request) -> HTMLResponse:
    """Every video, to search, to filter and to act on."""
    return page(request, "videos.html", "/videos")
