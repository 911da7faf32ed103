"""Owns the first page: submit something new, and see what is newest."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.pages.shell import page

router = APIRouter(include_in_schema=False)


@router.get("/")
def new(request: Request) -> HTMLResponse:
    """Submit, and the newest videos."""
    return page(request, "new.html", "/")
