"""Owns the Postman collection (v2.1): each operation with an example, in an order that runs from top to bottom."""

import itertools
import json
from typing import Any

from api.documents.operations import Document, Operation, example, operations

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
VARIABLES = {
    "base_url": "http://127.0.0.1:8000",
    "api_key": "",
    "video_file": "street.mp4",
    "photo_file": "ada.jpg",
    "video_url": "https://example.com/street.mp4",
    "video_id": "",
    "other_id": "",
    "frame_number": "1",
    "delivery_id": "00000000-0000-0000-0000-000000000000",
    "track_id": "none",
    "name": "friends",
    "person_id": "",
    "photo_id": "",
    "erasure_id": "",
}
CAPTURES: dict[str, tuple[tuple[str, str], ...]] = {
    "upload_video": (("video_id", "video_id"),),
    "start_analysis": (("other_id", "video_id"),),
    "rerun_analysis": (("other_id", "video_id"),),
    "list_results": (("frame_number", "items.0.frame_number"),),
    "list_deliveries": (("delivery_id", "items.0.id"),),
    "list_tracks": (("track_id", "items.0.track_id"),),
    "enrol_person": (("person_id", "person_id"), ("photo_id", "photos.0.photo_id")),
    "erase_person": (("erasure_id", "erasure_id"),),
}
"""What later requests need of an answer: the variable, and where it is in the body."""
WAITS_FOR = "get_video"
"""Sent again until the video has ended: what follows reads its results."""
GIVEN: dict[str, dict[str, str]] = {
    "list_results": {"limit": "10"},
    "upload_video": {"modelsToRun": "objects_detection,color_detection", "frameStep": "10"},
    "search": {"limit": "10"},
    "enrol_person": {"name": "Ada", "collection": "friends"},
    "list_people": {"collection": "friends"},
}
"""Parameters and form fields that are switched on."""
KEY_SCRIPT = """const key = pm.variables.get("api_key");
if (key) { pm.request.headers.upsert({key: "Authorization", value: `Bearer ${key}`}); }"""
WAIT_SCRIPT = """const ended = ["completed", "failed", "cancelled"];
if (pm.response.code === 200 && !ended.includes(pm.response.json().status)) {
    setTimeout(() => pm.execution.setNextRequest(pm.info.requestName), 1000);
}"""


def collection(document: Document) -> dict[str, Any]:
    """The collection of an OpenAPI document."""
    found = operations(document)
    return {
        "info": {"name": document["info"]["title"], "description": _description(document), "schema": SCHEMA},
        "event": [_script("prerequest", KEY_SCRIPT)],
        "variable": [{"key": key, "value": value} for key, value in _variables(found).items()],
        "item": [
            {"name": tag, "item": [_item(document, operation) for operation in group]}
            for tag, group in itertools.groupby(found, key=lambda operation: operation.tag)
        ],
    }


def _description(document: Document) -> str:
    how = (
        "Set `video_file` to a video of yours, `photo_file` to a picture of somebody's face, and `api_key` where the "
        "service asks for one. Run from top to bottom: "
        "the upload's id is kept for what follows, and the video is waited for."
    )
    return f"{document['info'].get('description', '').strip()}\n\n{how}"


def _variables(found: list[Operation]) -> dict[str, str]:
    named = {_variable(p["name"]) for operation in found for p in operation.parameters("path")}
    return VARIABLES | dict.fromkeys(sorted(named - VARIABLES.keys()), "")


def _variable(parameter: str) -> str:
    """The variable that stands for a parameter of a path."""
    return "other_id" if parameter in ("other_id", "b", "other_video_id", "with_id") else parameter


def _item(document: Document, operation: Operation) -> dict[str, Any]:
    body = _body(document, operation)
    return {
        "name": operation.content["summary"],
        "event": [_script("test", _test(operation))],
        "request": {
            "method": operation.method,
            "header": [_off(p) for p in operation.parameters("header")],
            "url": _url(operation),
            "description": operation.content.get("description", ""),
            **({"body": body} if body else {}),
        },
        "response": [],
    }


def _url(operation: Operation) -> dict[str, Any]:
    path = operation.path
    for parameter in operation.parameters("path"):
        path = path.replace(f"{{{parameter['name']}}}", f"{{{{{_variable(parameter['name'])}}}}}")
    given = GIVEN.get(operation.name, {})
    query = [
        {"key": p["name"], "value": given[p["name"]], "description": p.get("description", "")}
        if p["name"] in given
        else _off(p)
        for p in operation.parameters("query")
    ]
    on = "&".join(f"{q['key']}={q['value']}" for q in query if not q.get("disabled"))
    raw = f"{{{{base_url}}}}{path}" + (f"?{on}" if on else "")
    return {"raw": raw, "host": ["{{base_url}}"], "path": path.strip("/").split("/"), "query": query}


def _off(parameter: dict[str, Any]) -> dict[str, Any]:
    return {"key": parameter["name"], "value": "", "description": parameter.get("description", ""), "disabled": True}


def _body(document: Document, operation: Operation) -> dict[str, Any] | None:
    content = operation.content.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        fields = content["multipart/form-data"]["schema"]["properties"]
        return {"mode": "formdata", "formdata": [_field(operation, name, schema) for name, schema in fields.items()]}
    sent = example(document, operation)
    if sent is None:
        return None
    if "videoURL" in sent:
        sent = sent | {"videoURL": "{{video_url}}"}
    return {
        "mode": "raw",
        "raw": json.dumps(sent, indent=2, ensure_ascii=False),
        "options": {"raw": {"language": "json"}},
    }


def _field(operation: Operation, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    if schema.get("format") == "binary":
        return {"key": name, "type": "file", "src": "{{video_file}}"}
    if schema.get("items", {}).get("format") == "binary":
        return {"key": name, "type": "file", "src": "{{photo_file}}"}
    value = GIVEN.get(operation.name, {}).get(name)
    field = {"key": name, "type": "text", "value": value or "", "description": schema.get("description", "")}
    return field if value else field | {"disabled": True}


def _test(operation: Operation) -> str:
    statuses = [status for status in operation.statuses if status < 500]
    lines = [f'pm.test("a documented answer", () => pm.expect({statuses}).to.include(pm.response.code));']
    for variable, place in CAPTURES.get(operation.name, ()):
        where = "".join(f"?.[{part}]" if part.isdigit() else f"?.{part}" for part in place.split("."))
        lines.append(f"if (pm.response.code < 300) {{ const found = pm.response.json(){where};")
        lines.append(f'    if (found) {{ pm.collectionVariables.set("{variable}", found); }} }}')
    return "\n".join([*lines, WAIT_SCRIPT] if operation.name == WAITS_FOR else lines)


def _script(listen: str, text: str) -> dict[str, Any]:
    return {"listen": listen, "script": {"type": "text/javascript", "exec": text.split("\n")}}
