"""Owns what a run costs: CPU seconds by what processes do, from two looks, so that looking costs nothing meanwhile."""

from collections import defaultdict
from collections.abc import Mapping

import psutil

REST = "rest"


class Costs:
    """CPU seconds of process trees. A process belongs to the nearest named one above it, itself included.

    What ended meanwhile counts with its parent, by what the system says of children that were waited for.
    """

    def __init__(self, named: Mapping[str, list[int]]) -> None:
        self._roles = {pid: name for name, pids in named.items() for pid in pids}
        self._before = self._spent()

    def seconds(self) -> dict[str, float]:
        """CPU seconds since this was made, by name."""
        now = self._spent()
        return {name: max(0.0, now[name] - self._before.get(name, 0.0)) for name in sorted(now)}

    def _spent(self) -> dict[str, float]:
        parents = {process.pid: process.info["ppid"] for process in psutil.process_iter(["ppid"])}
        spent: defaultdict[str, float] = defaultdict(float)
        for pid in parents:
            if (name := self._role(pid, parents)) is not None:
                spent[name] += _cpu_seconds(pid)
        return dict(spent)

    def _role(self, pid: int, parents: Mapping[int, int]) -> str | None:
        above = pid
        while above not in self._roles:
            if (above := parents.get(above, 0)) == 0:
                return None
        return self._roles[above]


def _cpu_seconds(pid: int) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    children = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return float(times.user + times.system + children)
