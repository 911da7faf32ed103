"""Sends the requests of a Postman collection in order, as its runner does, and keeps what its scripts keep."""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx

from api.documents.postman import CAPTURES, WAITS_FOR

WAIT_SECONDS = 240.0
ENDED = ("completed", "failed", "cancelled")


class Runner:
    """The variables of a run, and the service that it is sent to."""

    def __init__(self, collection: dict[str, Any], operations: dict[str, str], **variables: str) -> None:
        self.collection = collection
        self.operations = operations
        self.variables = {v["key"]: v["value"] for v in collection["variable"]} | variables

    def run(self) -> Iterator[tuple[str, httpx.Response]]:
        """The name of each operation and its answer, in order."""
        with httpx.Client(timeout=60, trust_env=False) as client:
            for item in (item for folder in self.collection["item"] for item in folder["item"]):
                name = self.operations[item["name"]]
                answer = self._sent(client, item["request"])
                until = time.monotonic() + WAIT_SECONDS
                while name == WAITS_FOR and answer.json()["status"] not in ENDED:
                    assert time.monotonic() < until, answer.text
                    time.sleep(0.5)
                    answer = self._sent(client, item["request"])
                self._keep(name, answer)
                yield name, answer

    def _sent(self, client: httpx.Client, request: dict[str, Any]) -> httpx.Response:
        body = request.get("body", {})
        url = self._filled(request["url"]["raw"])
        if body.get("mode") == "formdata":
            on = [field for field in body["formdata"] if not field.get("disabled")]
            data = {field["key"]: field["value"] for field in on if field["type"] == "text"}
            [(key, path)] = [(field["key"], self._filled(field["src"])) for field in on if field["type"] == "file"]
            with open(path, "rb") as file:  # noqa: PTH123 - Postman's own word for it is a string
                return client.request(request["method"], url, data=data, files={key: file})
        if body.get("mode") == "raw":
            return client.request(request["method"], url, json=json.loads(self._filled(body["raw"])))
        return client.request(request["method"], url)

    def _filled(self, text: str) -> str:
        return re.sub(r"{{(\w+)}}", lambda found: self.variables[found[1]], text)

    def _keep(self, name: str, answer: httpx.Response) -> None:
        for variable, place in CAPTURES.get(name, ()) if answer.is_success else ():
            found: Any = answer.json()
            for part in place.split("."):
                found = (found[int(part)] if found else None) if part.isdigit() else (found or {}).get(part)
            if found:
                self.variables[variable] = str(found)
