"""Owns what processes cost: CPU seconds and peak memory of named process trees, sampled from outside."""

import threading
import time
from dataclasses import dataclass, field

import psutil

SAMPLE_SECONDS = 0.5


@dataclass
class _Process:
    group: str
    first: float
    last: float
    peak: int


@dataclass
class Usage:
    """Samples the trees under `roots` (name → pid), each so many seconds, while it is entered."""

    roots: dict[str, int]
    every: float = SAMPLE_SECONDS
    _seen: dict[tuple[int, float], _Process] = field(default_factory=dict)
    _total_peak: int = 0
    totals: list[tuple[float, int]] = field(default_factory=list)
    """How many resident bytes all processes together held at which moment (seconds since 1970).

    A process that starts meanwhile counts from the second look at it on: what Java starts shares all memory with the
    JVM until it runs its own program, and that would count twice.
    """
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> "Usage":
        self._sample()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)
        self._sample()

    def _run(self) -> None:
        while not self._stop.wait(self.every):
            self._sample()

    def _sample(self) -> None:
        total = 0
        new = bool(self._seen)
        for group, pid in self.roots.items():
            for process in _tree(pid):
                total += self._note(group, process, new)
        self._total_peak = max(self._total_peak, total)
        self.totals.append((time.time(), total))

    def _note(self, group: str, process: psutil.Process, born_now: bool) -> int:
        try:
            times, memory = process.cpu_times(), process.memory_info().rss
            key = (process.pid, process.create_time())
        except psutil.Error:
            return 0
        spent = times.user + times.system
        if (known := self._seen.get(key)) is None:
            first, held = (0.0, 0) if born_now else (spent, memory)
            self._seen[key] = _Process(group, first, spent, held)
            return held
        known.last, known.peak = spent, max(known.peak, memory)
        return memory

    def cpu_seconds(self) -> dict[str, float]:
        """CPU seconds spent meanwhile, by name."""
        spent = dict.fromkeys(self.roots, 0.0)
        for process in self._seen.values():
            spent[process.group] += process.last - process.first
        return spent

    def peaks(self) -> dict[str, list[int]]:
        """The peak resident bytes of each process, by name, largest first; shared pages count in each."""
        found: dict[str, list[int]] = {name: [] for name in self.roots}
        for process in self._seen.values():
            found[process.group].append(process.peak)
        return {name: sorted(peaks, reverse=True) for name, peaks in found.items()}

    @property
    def total_peak(self) -> int:
        """The most that all processes together held at one time, in bytes."""
        return self._total_peak


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return []
