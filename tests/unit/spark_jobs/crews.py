"""Twins of the processes behind the workers."""

from pathlib import Path

from spark_jobs.crew import Crew, Limit


class ListedHands:
    """Notes what was asked of it; fails while `failure` is set."""

    def __init__(self) -> None:
        self.ready: list[int] = []
        self.dismissed: list[tuple[int, int]] = []
        self.failure: Exception | None = None

    def make_ready(self, processes: int) -> None:
        if self.failure is not None:
            raise self.failure
        self.ready.append(processes)

    def dismiss(self, processes: int, keep: int) -> None:
        self.dismissed.append((processes, keep))


class FixedLive:
    """As many tasks as it is told to want."""

    def __init__(self, tasks: int = 1) -> None:
        self.tasks = tasks
        self.want = tasks

    def wanted(self, most: int) -> int:
        return min(self.want, most)

    def become(self, tasks: int) -> None:
        self.tasks = tasks


def a_crew(folder: Path, started: int = 1, hands: ListedHands | None = None, live: FixedLive | None = None) -> Crew:
    """A crew over twins that has begun."""
    crew = Crew(hands or ListedHands(), live or FixedLive(), folder, started, lambda: Limit(8, "there is no more room"))
    crew.start()
    return crew
