"""Dataclasses and CQL columns say the same."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from pipeline.cassandra import migrations, result_rows, video_rows
from pipeline.contracts.results import Box, Detection, ModelInfo, ResultRow
from pipeline.contracts.videos import Sampling, SourceProgress, Video
from pipeline.stores import models as model_store


def names(kind: type) -> set[str]:
    return {f.name for f in fields(kind)}


def cql() -> str:
    return "\n".join(
        statement
        for file in sorted(Path(migrations.SCHEMA_DIR).glob("*.cql"))
        for statement in migrations.statements(file.read_text())
    )


def columns(kind: str, name: str) -> set[str]:
    body = re.search(rf"CREATE {kind} IF NOT EXISTS {name} \((.*?)\)(?: WITH [^;]*)?(?=\nCREATE|\Z|;)", cql(), re.S)
    assert body is not None, name
    text = re.sub(r"PRIMARY KEY\s*\(.*\)", "", body.group(1), flags=re.S)
    added = set(re.findall(rf"ALTER {kind} {name} ADD IF NOT EXISTS (\w+)", cql()))
    return {part.split()[0] for part in re.split(r",(?![^<]*>)", text) if part.strip()} | added


def test_tables_hold_what_the_contracts_hold() -> None:
    assert columns("TABLE", "results") == names(ResultRow) | {"bucket"} == set(result_rows.RESULT_COLUMNS)
    assert columns("TABLE", "ledger") == set(result_rows.LEDGER_COLUMNS)
    assert columns("TABLE", "source_progress") == names(SourceProgress) | {"video_id"}
    assert columns("TABLE", "models") == names(ModelInfo) == set(model_store.COLUMNS)
    video = names(Video) - {"sampling"} | names(Sampling)
    assert set(video_rows.COLUMNS) == video
    assert columns("TABLE", "videos") == video | {"lease_owner", "epoch"}


@pytest.mark.parametrize(("name", "kind"), [("box", Box), ("detection", Detection)])
def test_user_types_hold_what_the_contracts_hold(name: str, kind: type) -> None:
    """An embedding is never in a row, and a track's name is joined when rows are read."""
    assert columns("TYPE", name) == names(kind) - {"embedding", "track_id"}
