"""Owns how a page is made: the templates, what each of them knows, and the headers it is sent with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.caller import caller_of
from api.pages.policy import page_headers
from api.pages.static_files import address
from pipeline.stores.keys import Scope

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation."""

    name: str
    path: str


PLACES = (
    Place("New", "/"),
    Place("Videos", "/videos"),
    Place("Live", "/live"),
    Place("People", "/identities"),
    Place("Insights", "/insights"),
    Place("System", "/system"),
)
_templates = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals["static"] = address


def page(
    request: Request, template: str, here: str = "", status: int = 200, charts: bool = False, **known: Any
) -> HTMLResponse:
    """A page of a template that extends `base.html`.

    `here` is the path of the navigation's current entry, `charts` says that Bokeh draws on it; `known` is what the
    template knows besides `static`, `places`, `may_submit` and `signed_in`.
    """
    caller = caller_of(request)
    body = _templates.get_template(template).render(
        places=PLACES,
        here=here,
        may_submit=caller.may(Scope.SUBMIT),
        signed_in=caller.key_id is not None,
        **known,
    )
    return HTMLResponse(body, status, headers=page_headers(charts))
