"""Owns what is asked with a face: a photo in a form or a place in a video, as at enrolment, and what goes with it."""

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from api.people.bodies import FrameFaceBody
from api.people.described import described
from pipeline.contracts.erasures import ErasedFrames

MOST_FOUND = 500
FRAMES = "what becomes of stored frames in which the person was found"
LEAST = "as the embedding model's card says, if left out"


class _Form(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, alias_generator=AliasGenerator(alias=to_camel)
    )


class ErasureForm(_Form):
    """What becomes of stored frames."""

    frames: ErasedFrames = Field(default=ErasedFrames.BLUR, description=FRAMES)


class ErasureOfFrame(FrameFaceBody, ErasureForm):
    """The same, with a face in an analysed video."""


class SearchForm(_Form):
    """Which of those who were seen are answered."""

    limit: int = Field(default=20, ge=1, le=100)
    offset: int = Field(default=0, ge=0, le=MOST_FOUND)
    min_similarity: float | None = Field(default=None, ge=-1, le=1, description=LEAST)


class SearchOfFrame(FrameFaceBody, SearchForm):
    """The same, with a face in an analysed video."""


ERASE_SCHEMA = described(
    {"frames": {"type": "string", "enum": [f.value for f in ErasedFrames], "default": "blur", "description": FRAMES}}
)
SEARCH_SCHEMA = described(
    {
        "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
        "offset": {"type": "integer", "minimum": 0, "maximum": MOST_FOUND, "default": 0},
        "minSimilarity": {"type": "number", "minimum": -1, "maximum": 1, "description": LEAST},
    }
)
