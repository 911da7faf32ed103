"""Owns the bodies that are sent about people: a collection, somebody's name, and a face in an analysed video."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AliasChoices, AliasGenerator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from api.fields import CollectionName
from pipeline.contracts.frames import MAX_FRAME_NUMBER
from pipeline.contracts.results import UNKNOWN, Box
from pipeline.stores.people import DEFAULT_COLLECTION, FrameFace


def _somebody(name: str) -> str:
    if not name.isprintable():
        raise ValueError("a name has no line breaks or control characters")
    if name.casefold() == UNKNOWN:
        raise ValueError(f"`{name}` is what strangers are labelled with; give another name")
    return name


PersonName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(_somebody)
]
Purpose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _Body(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=AliasGenerator(
            alias=to_camel, validation_alias=lambda name: AliasChoices(to_camel(name), name)
        ),
    )


class CollectionBody(_Body):
    """What people are known for, for how long, and whether their photos are kept."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"purpose": "who is in our meeting room", "retentionDays": 365}]}
    )

    purpose: Purpose = Field(description="why these people are known, in words that they could be told")
    retention_days: int | None = Field(
        default=None, ge=1, le=36_500, description="people go so many days after they were added; null: when deleted"
    )
    keep_photos: bool = Field(
        default=True, description="keep the faces cut from photos, so that another model can learn the people again"
    )


class BoxBody(_Body):
    """Fractions (0–1) of the upright frame; `x`, `y` is the top-left corner."""

    x: Fraction
    y: Fraction
    width: Fraction
    height: Fraction


class FrameFaceBody(_Body):
    """A face in an analysed video."""

    video_id: UUID
    frame_number: int = Field(ge=1, le=MAX_FRAME_NUMBER)
    box: BoxBody | None = Field(default=None, description="where the face is; not needed where there is one only")

    def place(self) -> FrameFace:
        """As the store of people knows it."""
        box = Box(**self.box.model_dump()) if self.box else None
        return FrameFace(self.video_id, self.frame_number, box)


class NewPerson(_Body):
    """Whom the photos show."""

    name: PersonName = Field(description="what their face is labelled with")
    collection: CollectionName = DEFAULT_COLLECTION


class NewPersonOfFrame(NewPerson, FrameFaceBody):
    """A person, by a face in an analysed video."""
