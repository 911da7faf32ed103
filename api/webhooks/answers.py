"""Owns the bodies that tell of deliveries."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from pipeline.stores.webhooks import Delivery, DeliveryState


class AttemptAnswer(BaseModel):
    """One request to the callback address."""

    time: datetime = Field(description="when it began")
    status: int | None = Field(description="what the receiver answered; null when it did not")
    duration: float = Field(description="seconds")
    error: str | None = Field(description="why it does not count as delivered")


class DeliveryAnswer(BaseModel):
    """A message and what became of it."""

    delivery_id: UUID = Field(description="the same in every try: the header `webhook-id`")
    event: str = Field(description="the message's `type`", examples=["video.completed"])
    attempt: int = Field(description="of the video: 1, and one more with each retry")
    created_at: datetime = Field(description="when the video reached that state")
    state: DeliveryState
    attempts: list[AttemptAnswer] = Field(description="the newest twenty, oldest first")
    next_attempt_at: datetime | None = Field(description="null when nothing more is tried")

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryAnswer":
        """A delivery as the API shows it."""
        return cls(
            delivery_id=delivery.delivery_id,
            event=delivery.event,
            attempt=delivery.attempt,
            created_at=delivery.created_at,
            state=delivery.state,
            attempts=[
                AttemptAnswer(time=t.at, status=t.status, duration=t.seconds, error=t.error) for t in delivery.tries
            ],
            next_attempt_at=delivery.next_at,
        )


class DeliveriesAnswer(BaseModel):
    """The messages of a video."""

    items: list[DeliveryAnswer]
