"""The contract as it is published; `UPDATE_SNAPSHOTS=1 ./run.sh test tests/unit/api` writes it anew."""

import json
import os
from collections import Counter
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel

from api import responses
from api.documents.operations import Operation, operations, resolved
from pipeline.contracts.settings import ROOT

SNAPSHOT = ROOT / "docs" / "openapi.json"
PROBLEM = {"schema": {"$ref": "#/components/schemas/ProblemBody"}}
ANSWERS_WITHOUT_PROBLEM = {("readyz", "503")}
"""It says which server does not answer, in a body of its own."""


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def test_the_contract_changes_only_on_purpose(document: dict[str, Any]) -> None:
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
    assert document == json.loads(SNAPSHOT.read_text())


def test_documented_answers_only(client: TestClient, document: dict[str, Any]) -> None:
    """What the operations answer to nonsense is in the document."""
    for operation in operations(document):
        concrete = operation.path.replace("{frame_number}", "0")
        for parameter in operation.parameters("path"):
            concrete = concrete.replace(f"{{{parameter['name']}}}", "no-uuid")
        answer = client.request(operation.method, concrete, params={"no such": "1"})
        assert answer.status_code in operation.statuses, (operation.name, answer.status_code)


def test_each_operation_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    assert [name for name, times in Counter(o.name for o in operations(document)).items() if times > 1] == []
    assert [
        text for text, times in Counter(o.content["summary"] for o in operations(document)).items() if times > 1
    ] == []


def test_each_operation_is_described_in_plain_words(document: dict[str, Any]) -> None:
    poor = [o.name for o in operations(document) if not (o.content["summary"] and o.content.get("description"))]
    assert poor == []


def test_each_operation_shows_an_example(document: dict[str, Any]) -> None:
    assert [o.name for o in operations(document) if not _has_example(document, o)] == []


def test_every_refusal_is_a_problem(document: dict[str, Any]) -> None:
    wrong = [
        (operation.name, status)
        for operation in operations(document)
        for status, answer in operation.content["responses"].items()
        if status >= "400"
        and (operation.name, status) not in ANSWERS_WITHOUT_PROBLEM
        and answer.get("content") != {"application/problem+json": PROBLEM}
    ]
    assert wrong == []
    assert "HTTPValidationError" not in json.dumps(document)


def test_every_answer_has_a_schema_with_descriptions(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []
    for operation in operations(document):
        for status, answer in operation.content["responses"].items():
            bodies = [media.get("schema") or media.get("itemSchema") for media in answer.get("content", {}).values()]
            assert all(bodies), (operation.name, status)


@pytest.mark.parametrize("name", [n for n in vars(responses) if n.endswith("Answer") and not n.startswith("_")])
def test_the_examples_are_answers(name: str) -> None:
    body: type[BaseModel] = getattr(responses, name)
    shown = body.model_json_schema(mode="serialization").get("examples", [])
    for example in shown:
        assert body.model_validate(example).model_dump(mode="json", by_alias=True) == example


def _has_example(document: dict[str, Any], operation: Operation) -> bool:
    """In its body, its answer, or a parameter; schemas that they refer to count."""
    places = [
        *operation.content.get("parameters", ()),
        *operation.content.get("requestBody", {}).get("content", {}).values(),
        *(
            media
            for status, answer in operation.content["responses"].items()
            if status < "300"
            for media in answer.get("content", {}).values()
        ),
    ]
    schemas = [resolved(document, _item(place.get("schema", {}))) for place in places]
    return any({"example", "examples"} & place.keys() for place in [*places, *schemas])


def _item(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema.get("items", schema)
    return found
