"""The doors in containers: each a profile, in the manner of the other services."""

import importlib.util
from typing import Any

import pytest

from connectors.aws.settings import AwsSettings
from stack.settings import PREFIX
from tests.unit.stack.test_docker_files import BASE, COMBINATIONS, SERVICES, merged

NOT_OFFERED = {
    # A file of this machine, which no container sees; the door asks the API beside it.
    *("aws_variables", "url"),
}


@pytest.fixture(scope="module", params=[COMBINATIONS[0], COMBINATIONS[-1]], ids="+".join)
def services(request: pytest.FixtureRequest) -> dict[str, Any]:
    return merged(*request.param, COMPOSE_PROFILES="aws")


def test_a_profile_adds_its_door_alone(services: dict[str, Any]) -> None:
    assert set(services) == SERVICES | {"aws"}


def test_the_door_for_aws_is_bounded_and_beside_the_api(services: dict[str, Any]) -> None:
    door, api = services["aws"], services["api"]
    assert importlib.util.find_spec(door["command"][2])
    assert (door["image"], door["user"], door["cap_drop"]) == (api["image"], "10001:10001", ["ALL"])
    assert door["read_only"]
    assert int(door["deploy"]["resources"]["limits"]["memory"]) > 0
    assert door["network_mode"] == "service:api"
    assert door["environment"]["FRAMEWISE_API_PORT"] == str(api["ports"][0]["target"])


def test_every_setting_of_the_door_can_be_made() -> None:
    used = merged(BASE, COMPOSE_PROFILES="aws")["aws"]["environment"]
    assert {name for name in AwsSettings.model_fields if PREFIX + name.upper() not in used} == NOT_OFFERED


def test_keys_of_the_shell_reach_whoever_reads_buckets() -> None:
    given = merged(BASE, COMPOSE_PROFILES="aws", AWS_ACCESS_KEY_ID="key", FRAMEWISE_S3_BUCKETS="videos")
    for name in ("api", "ingest", "worker", "analysis", "aws"):
        assert given[name]["environment"]["AWS_ACCESS_KEY_ID"] == "key"
        assert given[name]["environment"]["FRAMEWISE_S3_BUCKETS"] == "videos"
