"""Owns the updates of a document on DynamoDB: one step is changed by its place in the list, if it is still there.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from connectors.aws.job import Place, Step

OWN = ("state", "result_file", "error", "analysis")
"""What of a step is ours to change; what else it holds stays."""

Steps = list[dict[str, Any]]


def named(name: str, steps: Steps | None) -> int | None:
    """The place of a step in the list."""
    return next((place for place, step in enumerate(steps or ()) if step.get("step") == name), None)


def update(name: str, wanted: Step, steps: Steps | None) -> dict[str, Any]:
    """The update that makes a step what is wanted, of a document whose steps have been read."""
    place = named(name, steps)
    if steps is None or place is None:
        return appended(name, wanted, None if steps is None else len(steps))
    return changed(name, steps[place], wanted, place)


def appended(name: str, wanted: Step, length: int | None) -> dict[str, Any]:
    """The update that adds a step to a list of that length; None makes the list, and the document."""
    values = {":none": [], ":new": [{"step": name} | _attributes(wanted)]}
    return {
        "UpdateExpression": "SET #steps = list_append(if_not_exists(#steps, :none), :new)",
        "ConditionExpression": "attribute_not_exists(#steps)" if length is None else "size(#steps) = :length",
        "ExpressionAttributeNames": {"#steps": "process_steps"},
        "ExpressionAttributeValues": typed(values if length is None else values | {":length": length}),
    }


def changed(name: str, current: dict[str, Any], wanted: Step, place: int) -> dict[str, Any]:
    """The update of the step at a place of the list, as long as it stands there as it was read."""
    at, given = f"#steps[{place}]", _attributes(wanted)
    sets = ", ".join(f"{at}.#{part} = :{part}" for part in given)
    gone = ", ".join(f"{at}.#{part}" for part in OWN if part not in given)
    same = [f"{at}.#step = :step"]
    before = {":step": name}
    for part in ("state", "analysis"):
        if part in current:
            same.append(f"{at}.#{part} = :old_{part}")
            before[f":old_{part}"] = current[part]
        else:
            same.append(f"attribute_not_exists({at}.#{part})")
    return {
        "UpdateExpression": f"SET {sets}" + (f" REMOVE {gone}" if gone else ""),
        "ConditionExpression": " AND ".join(same),
        "ExpressionAttributeNames": {"#steps": "process_steps", "#step": "step"} | {f"#{part}": part for part in OWN},
        "ExpressionAttributeValues": typed(before | {f":{part}": value for part, value in given.items()}),
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


def typed(values: dict[str, Any]) -> dict[str, Any]:
    """Values as DynamoDB's API has them."""
    return {name: TypeSerializer().serialize(value) for name, value in values.items()}


def plain(item: dict[str, Any]) -> dict[str, Any]:
    """Values of DynamoDB's API as Python has them; numbers are Decimals."""
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
