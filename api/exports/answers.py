"""Owns the body of an export in the COCO detection format, as OpenAPI shows it."""

from pydantic import BaseModel, Field


class CocoImage(BaseModel):
    """A frame; its id is its number."""

    id: int
    file_name: str
    width: int = Field(description="pixels of the source")
    height: int
    date_captured: str
    license: int
    coco_url: str = Field(description="the frame without boxes")
    media_time: float = Field(description="seconds")


class CocoAnnotation(BaseModel):
    """A finding with a box."""

    id: int
    image_id: int
    category_id: int
    bbox: list[float] = Field(description="x, y, width and height in pixels")
    area: float
    iscrowd: int
    score: float = Field(description="the confidence, 0–1")
    attributes: dict[str, float]


class CocoCategory(BaseModel):
    """A label of a task; its id is the same in every export."""

    id: int
    name: str
    supercategory: str = Field(description="the task")


class CocoAnswer(BaseModel):
    """All findings with boxes, in the COCO detection format."""

    info: dict[str, str | int]
    licenses: list[str]
    annotations: list[CocoAnnotation]
    images: list[CocoImage]
    categories: list[CocoCategory]
