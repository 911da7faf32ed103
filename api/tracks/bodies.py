"""Owns what people draw on a video: lines and zones as bodies, checked."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.tracks.examples import REGIONS
from pipeline.contracts.regions import Line, Regions, Zone, crosses_itself

MOST = 32
MOST_CORNERS = 64
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
PlaceBody = tuple[Fraction, Fraction]
RegionName = Annotated[str, Field(min_length=1, max_length=64, description="unique among the lines, or the zones")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LineBody(_Body):
    """A line from its first point to its second; who crosses it from its left to its right, seen along it, goes in."""

    name: RegionName
    points: tuple[PlaceBody, PlaceBody] = Field(description="x and y of both ends, as fractions (0–1) of the frame")

    @model_validator(mode="after")
    def _long(self) -> Self:
        if self.points[0] == self.points[1]:
            raise ValueError(f"the line {self.name!r} has no length; give two different points")
        return self


class ZoneBody(_Body):
    """A polygon; the last point is joined to the first."""

    name: RegionName
    points: tuple[PlaceBody, ...] = Field(
        min_length=3, max_length=MOST_CORNERS, description="x and y of each corner, as fractions (0–1) of the frame"
    )

    @model_validator(mode="after")
    def _simple(self) -> Self:
        if len(set(self.points)) < len(self.points):
            raise ValueError(f"the zone {self.name!r} has a corner twice; the last is joined to the first by itself")
        if crosses_itself(self.points):
            raise ValueError(f"the edges of the zone {self.name!r} cross each other; give its corners in their order")
        return self


Lines = Annotated[
    list[LineBody], Field(max_length=MOST, description="lines at which is counted who goes in and out; `/counts`")
]
Zones = Annotated[
    list[ZoneBody], Field(max_length=MOST, description="zones in which is counted who is there, and for how long")
]


class RegionsBody(_Body):
    """The lines and zones of a video; they take the place of those that it had."""

    model_config = ConfigDict(json_schema_extra={"examples": [REGIONS]})

    lines: Lines = []
    zones: Zones = []

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        check_names(self.lines, self.zones)
        return self

    def regions(self) -> Regions:
        """What the pipeline keeps."""
        return regions_of(self.lines, self.zones)


def check_names(lines: list[LineBody], zones: list[ZoneBody]) -> None:
    """Raise ValueError when two lines, or two zones, have one name."""
    for what, names in (("lines", [line.name for line in lines]), ("zones", [zone.name for zone in zones])):
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{what} has the name {twice[0]!r} twice")


def regions_of(lines: list[LineBody], zones: list[ZoneBody]) -> Regions:
    """Bodies as what the pipeline keeps."""
    return Regions(
        tuple(Line(line.name, line.points) for line in lines), tuple(Zone(zone.name, zone.points) for zone in zones)
    )


def shown_regions(regions: Regions) -> RegionsBody:
    """What the pipeline keeps as a body."""
    return RegionsBody(
        lines=[LineBody(name=line.name, points=line.points) for line in regions.lines],
        zones=[ZoneBody(name=zone.name, points=zone.points) for zone in regions.zones],
    )
