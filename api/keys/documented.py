"""Owns how OpenAPI shows the keys: two ways to send one, and the operations that need none."""

from typing import Any

from api.gate import NEEDS_NO_KEY

SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "fw_<id>_<secret>",
        "description": "An API key, where the service needs one: always beyond loopback, unless it was told otherwise.",
    },
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key, as a header."},
}


def document_keys(document: dict[str, Any]) -> None:
    """Add the schemes to an OpenAPI document; a key may be left out where the service needs none."""
    document.setdefault("components", {})["securitySchemes"] = SCHEMES
    document["security"] = [{"bearer": []}, {"header": []}, {}]
    for path in NEEDS_NO_KEY & document.get("paths", {}).keys():
        for operation in document["paths"][path].values():
            operation["security"] = []
