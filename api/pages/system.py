"""Owns the page of the system: how everything does, and what to do when something is red."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.pages.shell import page

router = APIRouter(include_in_schema=False)


@router.get("/system")
def system(request: Request) -> HTMLResponse:
    """Servers, queue, speed, memory, disk; the page asks for them again every few seconds."""
    return page(request, "system.html", "/system")
