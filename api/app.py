"""Owns the application: routes, problems and gates around one set of services."""

from fastapi import FastAPI
from fastapi.middleware import Middleware

from api import problems
from api.gate import BodyLimit, KeyGate, LoopbackGate
from api.keys.documented import document_keys
from api.keys.ring import KeyRing
from api.measuring import MetricsPage
from api.observing import Observing
from api.pages import site
from api.problems import ProblemBody
from api.readiness import Readiness
from api.routes import (
    camera,
    clips,
    collections,
    compare,
    control,
    deliveries,
    erasures,
    events,
    face_search,
    failures,
    frames,
    insights,
    live,
    metrics,
    people,
    pull,
    regions,
    rerun,
    results,
    rtmp,
    search,
    service,
    streams,
    submissions,
    summary,
    system,
    thumbnails,
    tracks,
    videos,
    webcam,
)
from api.services import Services

DESCRIPTION = """
Framewise analyses video on your own machines. Submit a video, ask how it stands, read what was found in it.

Boxes are fractions (0–1) of the upright frame; times are seconds of media time or ISO 8601 in UTC; every error is
`application/problem+json` (RFC 9457).
"""


def create_app(
    services: Services, loopback_only: bool = True, keys: KeyRing | None = None, page: MetricsPage | None = None
) -> FastAPI:
    """The application; `loopback_only` refuses foreign hosts and origins, and without `keys` none are needed."""
    gates = [Middleware(KeyGate, keys=keys), Middleware(BodyLimit, upload_bytes=services.settings.max_upload_bytes)]
    if loopback_only:
        gates.insert(0, Middleware(LoopbackGate))
    gates.insert(0, Middleware(Observing))
    app = FastAPI(title="Framewise", version="0.1.0", description=DESCRIPTION, middleware=gates)
    app.state.services = services
    app.state.keys = keys
    app.state.readiness = Readiness(services.checks)
    app.state.beside = Readiness({"rtmp": services.rtmp.server.check})
    app.state.metrics = page or MetricsPage()
    problems.install(app)
    for module in (
        submissions,
        pull,
        webcam,
        camera,
        rtmp,
        rerun,
        control,
        insights,
        streams,
        videos,
        search,
        results,
        summary,
        compare,
        frames,
        thumbnails,
        tracks,
        regions,
        failures,
        events,
        live,
        clips,
        deliveries,
        face_search,
        collections,
        erasures,
        people,
        service,
        system,
        metrics,
    ):
        app.include_router(module.router)
    app.include_router(rtmp.hooks)
    site.install(app)
    _document_problems(app)
    return app


def _document_problems(app: FastAPI) -> None:
    """Name the problem's schema once; the operations refer to it."""
    build = app.openapi

    def openapi() -> dict[str, object]:
        document = build()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        body = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= body.pop("$defs", {})
        schemas["ProblemBody"] = body
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        document_keys(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]
