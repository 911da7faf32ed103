"""What follows from the OpenAPI document is up to date; `UPDATE_SNAPSHOTS=1` writes it anew."""

import json
import os
import re
from typing import Any

import nbformat
import pytest
from fastapi.testclient import TestClient

from api.documents.__main__ import FOLDER, MADE, text
from api.documents.operations import LAST, operations
from api.documents.postman import CAPTURES, GIVEN, VARIABLES, collection


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


@pytest.mark.parametrize("name", MADE)
def test_the_documents_follow_the_contract(document: dict[str, Any], name: str) -> None:
    if os.environ.get("UPDATE_SNAPSHOTS"):
        (FOLDER / name).write_text(text(name, document))
    assert (FOLDER / name).read_text() == text(name, document), "run: python -m api.documents"


def test_the_collection_has_every_operation_once(document: dict[str, Any]) -> None:
    found = collection(document)
    sent = [item for folder in found["item"] for item in folder["item"]]
    assert sorted(item["name"] for item in sent) == sorted(o.content["summary"] for o in operations(document))
    assert sent[-1]["request"]["method"] == "DELETE"
    assert [operation.name for operation in operations(document)][-len(LAST) :] == list(LAST)
    used = set(re.findall(r"{{(\w+)}}", json.dumps(sent)))
    assert used <= {variable["key"] for variable in found["variable"]}
    assert {variable["value"] for variable in found["variable"] if variable["key"] not in VARIABLES} == set()


def test_the_collection_knows_no_operation_that_there_is_not(document: dict[str, Any]) -> None:
    names = {operation.name for operation in operations(document)}
    assert {*CAPTURES, *GIVEN} <= names


def test_the_notebook_is_one(document: dict[str, Any]) -> None:
    notebook = nbformat.reads(text("framewise.ipynb", document), as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    table = notebook.cells[-1].source
    assert all(f"| `{operation.method} {operation.path}` |" in table for operation in operations(document))
