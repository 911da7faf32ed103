"""Owns which models the workers have loaded, so that the API can say so without loading one."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Protocol

from pipeline.cassandra.client import CassandraClient, utc
from pipeline.contracts.results import ModelInfo, TaskName

COLUMNS = tuple(f.name for f in fields(ModelInfo))
INSERT = f"INSERT INTO models ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"


class ModelStore(Protocol):
    """A model a task: what is used now."""

    def save(self, models: Iterable[ModelInfo]) -> None:
        """Put these in place of what was known of their tasks."""

    def all(self) -> list[ModelInfo]:
        """What is known, in the order of the tasks."""


class CassandraModelStore:
    """ModelStore on Cassandra."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client

    def save(self, models: Iterable[ModelInfo]) -> None:
        """Put these in place of what was known of their tasks."""
        for model in models:
            values = {name: getattr(model, name) for name in COLUMNS}
            values |= {"task": model.task.value, "labels": list(model.labels)}
            self._db.execute(INSERT, tuple(values[name] for name in COLUMNS))

    def all(self) -> list[ModelInfo]:
        """What is known, in the order of the tasks."""
        rows = {row.task: row for row in self._db.execute(f"SELECT {', '.join(COLUMNS)} FROM models")}
        return [_info(rows[task]) for task in TaskName if task in rows]


def _info(row: object) -> ModelInfo:
    values = {name: getattr(row, name) for name in COLUMNS}
    values |= {
        "task": TaskName(values["task"]),
        "labels": tuple(values["labels"] or ()),
        "loaded_at": utc(values["loaded_at"]),
    }
    return ModelInfo(**values)


@dataclass
class InMemoryModelStore:
    """The twin for tests and trials."""

    models: dict[TaskName, ModelInfo] = field(default_factory=dict)

    def save(self, models: Iterable[ModelInfo]) -> None:
        self.models |= {model.task: model for model in models}

    def all(self) -> list[ModelInfo]:
        return [self.models[task] for task in TaskName if task in self.models]
