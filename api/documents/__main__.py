"""Owns `python -m api.documents`: writes docs/postman.json and docs/framewise.ipynb anew from docs/openapi.json."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from api.documents.notebook import notebook
from api.documents.postman import collection
from pipeline.contracts.settings import ROOT

FOLDER = ROOT / "docs"
MADE: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "postman.json": collection,
    "framewise.ipynb": notebook,
}


def text(name: str, document: dict[str, Any]) -> str:
    """What the file of that name holds for an OpenAPI document."""
    return json.dumps(MADE[name](document), indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Write each of them."""
    document = json.loads((FOLDER / "openapi.json").read_text())
    for name in MADE:
        (FOLDER / name).write_text(text(name, document))
    return 0


if __name__ == "__main__":
    sys.exit(main())
