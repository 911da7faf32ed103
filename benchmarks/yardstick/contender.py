"""Owns what a contender is: its protocol, what it is given, and the list of all."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from benchmarks.yardstick.findings import Found
from benchmarks.yardstick.works import Work


class Needs(StrEnum):
    """The servers that a contender needs; what it does not need stands still meanwhile."""

    NOTHING = "nothing"
    BROKER = "broker"
    STACK = "stack"


@dataclass(frozen=True, slots=True)
class Course:
    """What a contender is given: the work, the cores, a folder that goes afterwards. Servers come as settings."""

    work: Work
    cores: int
    folder: Path


class Contender(Protocol):
    """One way to do the work, in a process of its own (`host`), for one run. All of it ends with the process."""

    def prepare(self) -> None:
        """Everything before the time is taken: processes up, sessions open, models loaded and warm."""

    def processes(self) -> Mapping[str, list[int]]:
        """What it runs on, by what it does: process ids of trees. Its own process need not be named."""

    def run(self) -> float | None:
        """From clips to results, all of them there when it returns; the seconds, where others know them better."""

    def found(self) -> Found:
        """What was found; its time is not taken."""

    def close(self) -> None:
        """Give back what outlives the process; it is ended afterwards, with all its children."""


class Maker(Protocol):
    """What a contender's module has to offer as `contender`."""

    def __call__(self, course: Course) -> Contender:
        """The contender for one run."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the list: what it is in a few words, its module, its servers. `ours` is Framewise or a part of it."""

    title: str
    module: str
    needs: Needs = Needs.NOTHING
    ours: bool = False

    def make(self, course: Course) -> Contender:
        """Its module is imported only now: it may need what is not installed everywhere."""
        return cast(Maker, import_module(f"benchmarks.yardstick.contenders.{self.module}").contender)(course)


REFERENCE = Entry("the reference", "reference")
CEILINGS = ("bare-cores", "bare-pool")
CONTENDERS = {
    "bare-cores": Entry("bare, a process a core", "bare_cores"),
    "bare-pool": Entry("bare, decoder and pool", "bare_pool"),
    "opencv": Entry("OpenCV loop", "opencv_loop"),
    "ray": Entry("Ray Data, actor pool", "ray_data"),
    "kafka": Entry("Kafka, plain consumers", "kafka_consumers", Needs.BROKER),
    "framewise-lite": Entry("Framewise without Cassandra", "framewise_lite", Needs.BROKER, ours=True),
    "framewise": Entry("Framewise, complete", "framewise_complete", Needs.STACK, ours=True),
    "ancestor": Entry("the ancestor's shape", "ancestor", Needs.BROKER),
}
