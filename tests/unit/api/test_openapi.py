"""The contract as it is published; `UPDATE_SNAPSHOTS=1 ./run.sh test tests/unit/api` writes it anew."""

import json
import os

from fastapi.testclient import TestClient

from pipeline.contracts.settings import ROOT

SNAPSHOT = ROOT / "docs" / "openapi.json"


def test_the_contract_changes_only_on_purpose(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
    assert document == json.loads(SNAPSHOT.read_text())


def test_documented_answers_only(client: TestClient) -> None:
    """What the operations answer to nonsense is in the document."""
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        concrete = path.replace("{video_id}", "no-uuid").replace("{frame_number}", "0")
        for method, operation in operations.items():
            answer = client.request(method, concrete, params={"no such": "1"})
            assert str(answer.status_code) in operation["responses"], (method, path, answer.status_code)
