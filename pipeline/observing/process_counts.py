"""Owns reading what each process has counted so far, from the folder that all share (`metric_files.py`)."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict

from pipeline.observing.metric_files import ENDED, VARIABLE, guarded, tidy

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """One number: of which process (`ended` stands for all that have ended), under which name, with which labels."""

    process: str
    name: str
    labels: Labels = ()

    def label(self, name: str) -> str:
        """The value of a label; empty where it has none."""
        return dict(self.labels).get(name, "")


Counts = Mapping[Counted, float]


def shared_folder() -> Path | None:
    """The folder, where there is one."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def read_counts(folder: Path, prefixes: tuple[str, ...]) -> Counts:
    """The numbers of every process whose names begin with one of these. Raises OSError.

    Of a histogram there are the sum and the count in each bucket by itself, its upper end as the label `le`.
    """
    tidy(folder)
    with guarded(folder, fcntl.LOCK_SH):
        return {
            Counted(process, name, labels): value
            for file in folder.glob("*.db")
            for process, name, labels, value in _values(file)
            if name.startswith(prefixes)
        }


def _values(file: Path) -> Iterator[tuple[str, str, Labels, float]]:
    """What a file `<kind>_<process>.db` holds."""
    process = file.stem.rsplit("_", 1)[-1]
    for key, value, _, _ in MmapedDict.read_all_values_from_file(str(file)):
        yield process, *_named(key), value


@cache
def _named(key: str) -> tuple[str, Labels]:
    """The name and the labels of a key; there are as many keys as a metric has values of labels, which are few."""
    _, name, labels, _ = json.loads(key)
    return name, tuple(sorted(labels.items()))


def is_living(process: str) -> bool:
    """Whether a number is a process' own, not the sum of those that have ended."""
    return process != ENDED
