"""Owns what was sent to a video's callback address, and sending it again."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path

from api.dependencies import KnownVideo, NoQuery, ServicesDep
from api.problems import documented
from api.services import Services
from api.webhooks.answers import DeliveriesAnswer, DeliveryAnswer
from pipeline.contracts.errors import NotFound
from pipeline.stores.webhooks import Delivery, now_ms

router = APIRouter(prefix="/analysis/{video_id}/deliveries", tags=["webhooks"], dependencies=[NoQuery])
DeliveryId = Annotated[UUID, Path(description="the id of a delivery, which is also its header `webhook-id`")]
EXAMPLE = {
    "delivery_id": "5f0c9a57-3b0e-5d8e-9c52-6d1d6f4ad7a1",
    "event": "video.completed",
    "attempt": 1,
    "created_at": "2026-01-02T03:04:05.678000Z",
    "state": "pending",
    "attempts": [
        {"time": "2026-01-02T03:04:06Z", "status": 500, "duration": 0.031, "error": "the receiver answered 500"}
    ],
    "next_attempt_at": "2026-01-02T03:04:11.512000Z",
}


def _example(status: int, example: object) -> dict[int | str, dict[str, Any]]:
    return {status: {"content": {"application/json": {"example": example}}}}


@router.get(
    "",
    operation_id="list_deliveries",
    summary="What was sent to the callback address",
    responses={**_example(200, {"items": [EXAMPLE]}), **documented(404)},
)
def list_deliveries(services: ServicesDep, video: KnownVideo) -> DeliveriesAnswer:
    """Each message in the order of the states that it tells, with every try. Empty without `callbackURL`."""
    known = services.webhooks.deliveries(video.video_id)
    return DeliveriesAnswer(items=[DeliveryAnswer.of(delivery) for delivery in known])


@router.post(
    "/{delivery_id}/redeliver",
    status_code=202,
    operation_id="redeliver",
    summary="Send a message again",
    responses={**_example(202, EXAMPLE), **documented(404)},
)
def redeliver(services: ServicesDep, video: KnownVideo, delivery_id: DeliveryId) -> DeliveryAnswer:
    """It is sent within seconds, with the same id and body, and tried again as often as a new one."""
    delivery = _known(services, video.video_id, delivery_id)
    services.webhooks.watch(video.video_id)
    services.webhooks.again(delivery, now_ms())
    return DeliveryAnswer.of(_known(services, video.video_id, delivery_id))


def _known(services: Services, video_id: UUID, delivery_id: UUID) -> Delivery:
    known = services.webhooks.deliveries(video_id)
    delivery = next((delivery for delivery in known if delivery.delivery_id == delivery_id), None)
    if delivery is None:
        raise NotFound(f"video {video_id} has no delivery {delivery_id}")
    return delivery
