"""Owns documents on DynamoDB: one step is changed by its place in the list, on condition that it is still there.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

import random
import time
from collections.abc import Callable
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from connectors.aws.calls import asking, code
from connectors.aws.job import Place, Step, VideoId
from connectors.aws.seams import AwsUnavailable, DocumentInvalid

TRIES = 30
PAUSE = 0.05
NAMES = {"#steps": "process_steps", "#step": "step", "#state": "state"}
OWN = ("state", "result_file", "error", "analysis")
"""What of a step is ours to change; what else it holds stays."""


class DynamoDocuments:
    """The documents of a table with the key `VideoId`."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb, self._table = dynamodb, table

    def check(self) -> None:
        """Raises AwsUnavailable when there is no such table, DocumentInvalid when its key is another.

        Whoever may not describe tables finds out with the first document.
        """
        with asking(f"the table {self._table}"):
            try:
                schema = self._dynamodb.describe_table(TableName=self._table)["Table"]["KeySchema"]
            except ClientError as e:
                if code(e) != "AccessDeniedException":
                    raise
                return
        if [key["AttributeName"] for key in schema] != ["VideoId"]:
            raise DocumentInvalid(f"the key of the table {self._table} must be VideoId alone")

    def change(self, video_id: VideoId, name: str, change: Callable[[Step | None], Step | None]) -> Step | None:
        for number in range(TRIES):
            steps = self._steps(video_id)
            place = next((i for i, step in enumerate(steps) if step.get("step") == name), None)
            current = step_of(steps[place]) if place is not None else None
            wanted = change(current)
            if wanted is None:
                return current
            update = appended(name, wanted, len(steps)) if place is None else changed(name, steps[place], wanted, place)
            if self._written(video_id, update):
                return wanted
            time.sleep(random.uniform(0, PAUSE * (number + 1)))  # noqa: S311 - only so that two do not meet again
        raise AwsUnavailable(
            f"the document of VideoId {video_id} was changed by others {TRIES} times while it was read"
        )

    def _steps(self, video_id: VideoId) -> list[dict[str, Any]]:
        said = self._ask(
            "get_item",
            video_id,
            ConsistentRead=True,
            ProjectionExpression="#steps",
            ExpressionAttributeNames={"#steps": "process_steps"},
        )
        steps = _plain(said.get("Item", {})).get("process_steps", [])
        if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
            raise DocumentInvalid(f"process_steps of VideoId {video_id} is not a list of steps; it was left as it is")
        return steps

    def _written(self, video_id: VideoId, update: dict[str, Any]) -> bool:
        try:
            self._ask("update_item", video_id, **update)
        except _Changed:
            return False
        return True

    def _ask(self, call: str, video_id: VideoId, **more: Any) -> dict[str, Any]:
        key = {"VideoId": TypeSerializer().serialize(video_id)}
        with asking(f"the document of VideoId {video_id} in the table {self._table}"):
            try:
                said: dict[str, Any] = getattr(self._dynamodb, call)(TableName=self._table, Key=key, **more)
            except ClientError as e:
                if code(e) == "ConditionalCheckFailedException":
                    raise _Changed from e
                if code(e) == "ValidationException":
                    kind = "text" if isinstance(video_id, str) else "number"
                    raise DocumentInvalid(f"VideoId {video_id!r} is a {kind}, and the table says: {e}") from e
                raise
        return said


class _Changed(Exception):
    """Somebody else was faster."""


def appended(name: str, wanted: Step, length: int) -> dict[str, Any]:
    """The update that adds a step to a list of that length, or makes list and document."""
    entry = {"step": name} | _attributes(wanted)
    return {
        "UpdateExpression": "SET #steps = list_append(if_not_exists(#steps, :none), :new)",
        "ConditionExpression": "size(#steps) = :length" + (" OR attribute_not_exists(#steps)" if not length else ""),
        "ExpressionAttributeNames": {"#steps": NAMES["#steps"]},
        "ExpressionAttributeValues": _typed({":none": [], ":new": [entry], ":length": length}),
    }


def changed(name: str, current: dict[str, Any], wanted: Step, place: int) -> dict[str, Any]:
    """The update of the step at a place of the list, as long as it is the step that was read."""
    at, given = f"#steps[{place}]", _attributes(wanted)
    same = [
        f"{at}.#step = :step",
        f"{at}.#state = :before" if "state" in current else f"attribute_not_exists({at}.#state)",
    ]
    before = {":before": current["state"]} if "state" in current else {}
    if "analysis" in current:
        same, before = [*same, f"{at}.#analysis = :asked"], before | {":asked": current["analysis"]}
    gone = [f"{at}.#{part}" for part in OWN if part not in given]
    return {
        "UpdateExpression": "SET "
        + ", ".join(f"{at}.#{part} = :{part}" for part in given)
        + (f" REMOVE {', '.join(gone)}" if gone else ""),
        "ConditionExpression": " AND ".join(same),
        "ExpressionAttributeNames": {"#steps": NAMES["#steps"], "#step": "step"} | {f"#{part}": part for part in OWN},
        "ExpressionAttributeValues": _typed(
            {":step": name} | before | {f":{part}": value for part, value in given.items()}
        ),
    }


def step_of(entry: dict[str, Any]) -> Step:
    """A step of a document."""
    file, analysis = entry.get("result_file"), entry.get("analysis")
    place = Place(str(file.get("bucket")), str(file.get("key"))) if isinstance(file, dict) else None
    return Step(str(entry.get("state")), place, entry.get("error"), analysis if isinstance(analysis, str) else None)


def _attributes(step: Step) -> dict[str, Any]:
    file = {"bucket": step.result_file.bucket, "key": step.result_file.key} if step.result_file else None
    given = {"state": str(step.state), "result_file": file, "error": step.error, "analysis": step.analysis}
    return {name: value for name, value in given.items() if value is not None}


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    return {name: TypeSerializer().serialize(value) for name, value in values.items()}


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
