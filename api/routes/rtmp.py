"""Owns streams that people publish: asking for an endpoint, and what the RTMP server asks of the API."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from api.dependencies import CallerDep, NoQuery, ServicesDep
from api.origin import OriginDep
from api.people.checking import check_identification
from api.problems import documented
from api.room import check_room
from api.rtmp.admission import PublisherRefused, admit, left
from api.rtmp.bodies import RtmpAnswer, RtmpRequest
from api.rtmp.endpoint import check_new, make_endpoint
from api.webhooks.plan import check_callback

router = APIRouter(prefix="/analysis", tags=["submit"])
hooks = APIRouter(prefix="/hooks/rtmp", include_in_schema=False)


@router.post(
    "/rtmp-endpoint",
    status_code=201,
    operation_id="create_rtmp_endpoint",
    summary="Have an address to publish a live stream to",
    responses=documented(409, 413),
    dependencies=[NoQuery],
)
def create_endpoint(
    services: ServicesDep, caller: CallerDep, origin: OriginDep, body: RtmpRequest, request: Request, response: Response
) -> RtmpAnswer:
    """For OBS, ffmpeg and others: paste server and key, and start streaming. The video waits for its publisher; it
    completes when the publisher has gone and not come back for a while, and ends them when it is cancelled.

    The key is shown this once. A request that is sent again with the same `Idempotency-Key` makes no second video: it
    is answered 409, and names the first.
    """
    asked = check_new(services, origin, body)
    check_room(services, caller)
    check_callback(services, body.callback_url)
    check_identification(services, body)
    services.rtmp.server.check()
    made = make_endpoint(services, origin, body, asked, request.url.hostname)
    response.headers.update({"Location": made.status_url, "Cache-Control": "no-store"})
    return made


def _server_only(services: ServicesDep, secret: Annotated[str, Query(max_length=200)] = "") -> None:
    known = services.rtmp.secret
    if not known or not secrets.compare_digest(secret.encode(), known.encode()):
        raise PublisherRefused("this is for the RTMP server alone")


ServerOnly = Depends(_server_only)
Name = Annotated[str, Form(max_length=256, description="what the publisher calls the stream: the key")]
Session = Annotated[str, Form(max_length=64, alias="clientid", description="the connection, as the server counts it")]


@hooks.post("/publish", dependencies=[ServerOnly])
def on_publish(services: ServicesDep, name: Name, session: Session) -> Response:
    """Let somebody publish under the video's id, by which the key is not seen any further."""
    return Response(status_code=302, headers={"Location": str(admit(services, name, session))})


@hooks.post("/done", dependencies=[ServerOnly])
def on_publish_done(services: ServicesDep, name: Name, session: Session) -> Response:
    """Somebody has gone."""
    left(services, name, session)
    return Response(status_code=204)
