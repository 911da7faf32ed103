"""Owns the operations of an OpenAPI document, in an order in which a person may send them one after the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]

FIRST = (
    *("healthz", "readyz", "list_models", "get_metrics", "upload_video", "start_analysis", "get_video"),
    *("put_collection", "enrol_person", "add_person_photos"),
)
LAST = (
    *("cancel_video", "retry_video", "delete_person_photo", "delete_person", "erase_person", "get_erasure"),
    *("delete_collection", "delete_video"),
)
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: `content` is what the document says of it."""

    method: str
    path: str
    content: dict[str, Any]

    @property
    def name(self) -> str:
        """Its `operationId`."""
        return str(self.content["operationId"])

    @property
    def tag(self) -> str:
        """What it belongs to."""
        return str(self.content["tags"][0])

    @property
    def statuses(self) -> list[int]:
        """What it may answer."""
        return sorted(int(status) for status in self.content["responses"] if status.isdigit())

    def parameters(self, place: str) -> Iterator[dict[str, Any]]:
        """Its parameters in `path`, `query` or `header`."""
        return (p for p in self.content.get("parameters", ()) if p["in"] == place)


def operations(document: Document) -> list[Operation]:
    """All of them: what says how the service is, what submits, what reads, and at last what takes away."""
    found = [
        Operation(method.upper(), path, content)
        for path, methods in document["paths"].items()
        for method, content in methods.items()
    ]
    tags = list(dict.fromkeys(operation.tag for operation in found))
    return sorted(found, key=lambda operation: _place(operation, tags))


def _place(operation: Operation, tags: list[str]) -> tuple[int, int]:
    if operation.name in FIRST:
        return 0, FIRST.index(operation.name)
    if operation.name in LAST or operation.method == "DELETE":
        return 2, LAST.index(operation.name) if operation.name in LAST else len(LAST)
    return 1, tags.index(operation.tag)


def example(document: Document, operation: Operation) -> Any:
    """The example of its JSON body, None where it takes none."""
    media = operation.content.get("requestBody", {}).get("content", {}).get(JSON)
    if media is None:
        return None
    if "example" in media:
        return media["example"]
    if media.get("examples"):
        return next(iter(media["examples"].values()))["value"]
    schema = resolved(document, media["schema"])
    return next(iter(schema.get("examples", ())), {})


def resolved(document: Document, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that a reference names."""
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found
