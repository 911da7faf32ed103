"""Owns handing pictures to the analysis: the contract, and the in-memory twin."""

from dataclasses import dataclass, field
from typing import Protocol

from connectors.edge.crops import Crop
from pipeline.contracts.errors import FramewiseError


class PipelineAway(FramewiseError):
    """The service does not take a picture now; it may later."""

    type = "pipeline-away"
    title = "The service does not take pictures"


class Analysis(Protocol):
    """Takes pictures for the analysis. For one thread."""

    def hand_over(self, crop: Crop, name: str, jpeg: bytes) -> None:
        """Have it analysed; returns when that is safe. `name` is unique for the camera and day: twice is once.

        Raises FramewiseError where it cannot be taken now.
        """

    def rest(self) -> None:
        """Called now and then while nothing comes, for what else is to do."""

    def close(self) -> None:
        """Give back connections."""


@dataclass
class InMemoryAnalysis:
    """The twin for tests: keeps what was handed over, and fails as often as it is told to."""

    handed: list[tuple[Crop, str, bytes]] = field(default_factory=list)
    failures: list[FramewiseError] = field(default_factory=list)

    def hand_over(self, crop: Crop, name: str, jpeg: bytes) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.handed.append((crop, name, jpeg))

    def rest(self) -> None:
        return None

    def close(self) -> None:
        return None
