"""Owns documents on DynamoDB: read, and changed on condition that nobody else has changed the step meanwhile."""

import random
import time
from collections.abc import Callable
from typing import Any

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError

from connectors.aws.calls import asking, code
from connectors.aws.document_updates import Steps, named, plain, step_of, update
from connectors.aws.job import Step, VideoId
from connectors.aws.seams import AwsUnavailable, DocumentInvalid

TRIES = 30
PAUSE = 0.05


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
            place = named(name, steps)
            current = step_of(steps[place]) if steps is not None and place is not None else None
            wanted = change(current)
            if wanted is None:
                return current
            if self._written(video_id, update(name, wanted, steps)):
                return wanted
            time.sleep(random.uniform(0, PAUSE * (number + 1)))  # noqa: S311 - only so that two do not meet again
        raise AwsUnavailable(
            f"the document of VideoId {video_id} was changed by others {TRIES} times while it was read"
        )

    def _steps(self, video_id: VideoId) -> Steps | None:
        said = self._ask(
            "get_item",
            video_id,
            ConsistentRead=True,
            ProjectionExpression="#steps",
            ExpressionAttributeNames={"#steps": "process_steps"},
        )
        steps = plain(said.get("Item", {})).get("process_steps")
        if steps is not None and not (isinstance(steps, list) and all(isinstance(step, dict) for step in steps)):
            raise DocumentInvalid(f"process_steps of VideoId {video_id} is not a list of steps; it was left as it is")
        return steps

    def _written(self, video_id: VideoId, change: dict[str, Any]) -> bool:
        try:
            self._ask("update_item", video_id, **change)
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
