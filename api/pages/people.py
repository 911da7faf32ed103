"""Owns the page of people: who is known, for what purpose, where they were seen, and being forgotten."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.pages.shell import page

PATH = "/identities"
router = APIRouter(include_in_schema=False)


@router.get(PATH)
def people(request: Request) -> HTMLResponse:
    """Known people; the API has their list at `/people`."""
    return page(request, "identities.html", PATH)
