"""Owns what insights are asked: which videos, which findings, which span of time, cut how."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from api.fields import NAME_LENGTH, Moment
from api.trends.steps import MOST_STEPS, Span, Step
from pipeline.contracts.results import TaskName

DEFAULT_DAYS = 7
MOST_NAMED = 50
LAST_YEAR = 9998
"""The steps of a later one would end behind the last moment that there is."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError) as e:
        raise ValueError(f"{name!r} is no time zone; name one such as Europe/Berlin or UTC") from e
    return name


class InsightsParams(BaseModel):
    """What is counted, over all videos."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_: Moment | None = Field(default=None, alias="from", description="seen then or later; `to` less seven days")
    to: Moment | None = Field(default=None, description="seen then or earlier; now if left out")
    step: Step | None = Field(default=None, description=f"at most {MOST_STEPS} of them; the finest that can be read")
    timezone: Annotated[str, AfterValidator(_known_zone)] = Field(
        default="UTC", max_length=64, description="whose days and hours, such as `Europe/Berlin`"
    )
    label: list[Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)]] | None = Field(
        default=None, max_length=MOST_NAMED, description="these labels"
    )
    task: list[TaskName] | None = Field(default=None, description="found by these tasks; all but colours if left out")
    model: str | None = Field(default=None, max_length=NAME_LENGTH, description="found by this model")
    min_confidence: float | None = Field(default=None, ge=0, le=1, description="findings at least as sure")
    tag: str | None = Field(default=None, max_length=64, description="in videos with this tag")
    video_id: list[UUID] | None = Field(default=None, max_length=MOST_NAMED, description="in these videos")
    live: bool | None = Field(default=None, description="in live streams alone, or in files alone")

    @model_validator(mode="after")
    def _few_enough(self) -> "InsightsParams":
        span = self.span(datetime.now(UTC))
        if max(span.start, span.end).year > LAST_YEAR:
            raise ValueError(f"the year must be at most {LAST_YEAR}")
        if span.seconds < 0:
            raise ValueError("from is after to")
        if not span.fits(self.step or Step.DAY):
            name = self.step or Step.DAY
            raise ValueError(f"from and to are more than {MOST_STEPS} times a {name} apart; take a shorter span")
        return self

    def span(self, now: datetime) -> Span:
        """Which time is looked at."""
        end = self.to or now
        start = self.from_ or end - timedelta(days=DEFAULT_DAYS)
        return Span(start, end, ZoneInfo(self.timezone))

    @property
    def tasks(self) -> frozenset[TaskName]:
        """The tasks that count. A frame has a handful of colours, which would drown all else."""
        return frozenset(self.task or ()) or frozenset(TaskName) - {TaskName.COLORS}

    def narrowed(self) -> dict[str, str]:
        """What narrows the question besides its span, for people to read."""
        given = self.model_dump(mode="json", exclude={"from_", "to", "step", "timezone"}, exclude_none=True)
        shown = {
            name: ", ".join(map(str, value)) if isinstance(value, list) else str(value) for name, value in given.items()
        }
        return {name.replace("_", " "): value for name, value in shown.items()}
