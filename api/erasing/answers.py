"""Owns the answers of the search by face and of erasures."""

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from api.erasing.examples import ERASURE, FOUND
from api.responses import Answer
from pipeline.contracts.erasures import ErasedFrames, ErasureState

DIGEST = "a SHA-256 over what was removed, to compare receipts by"


class SeenAnswer(Answer):
    """Somebody like the one asked for, followed through a video; times are seconds of media time."""

    video_id: UUID
    video_name: str
    track_id: str
    similarity: float = Field(description="cosine of the two faces' vectors; the same person from `threshold` on")
    from_: float = Field(serialization_alias="from")
    to: float
    faces: int = Field(description="in how many frames the face was seen")
    best_frame: int
    picture_url: str = Field(description="the face, cut from the frame that shows it best")
    frame_url: str


class FaceSearchAnswer(Answer):
    """Where somebody was seen, best first."""

    model_config = ConfigDict(json_schema_extra={"examples": [FOUND]})

    items: list[SeenAnswer]
    model: str | None = Field(description="the embedding model that was asked; null if no video was embedded by any")
    threshold: float = Field(description="the similarity from which on two faces are taken for the same person")
    next_offset: int | None = Field(description="`offset` of the next page; null after the last")


class RemovedAnswer(Answer):
    """How much was removed."""

    people: int
    photos: int
    vectors: int = Field(description="of photos, one an embedding model")
    rows: int = Field(description="result rows that named the person, and say `unknown` since")
    frames_blurred: int
    frames_deleted: int
    track_vectors: int = Field(description="by which the person could be searched for")
    raw_vectors: int = Field(description="of single frames, from which those of tracks are made")
    tracks: int = Field(description="tracks that named the person")
    search_entries: int


class ErasureAnswer(Answer):
    """A receipt: what was removed. It holds no personal data."""

    model_config = ConfigDict(json_schema_extra={"examples": [ERASURE]})

    erasure_id: UUID
    state: ErasureState = Field(
        description="`erased` when every worker has heard of it and nothing was left; what comes late is removed still"
    )
    requested_at: datetime
    erased_at: datetime | None
    frames: ErasedFrames = Field(description="what became of stored frames in which the person was found")
    removed: RemovedAnswer
    subjects: list[str] = Field(description="SHA-256 of the ids of the people who were erased, each over its 16 bytes")
    digest: str = Field(description=DIGEST)
    rounds: int = Field(description="how often it was looked so far")
    looks_again_at: datetime | None = Field(description="when it is looked next for what came late; null: not any more")
    not_promised: list[str] = Field(description="what this service cannot take back, and for how long it stays")
    status_url: str
