"""The templates and the script that deploy to AWS, as far as they can be checked without an account."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint
from cfnlint.decode import cfn_yaml

from connectors.aws.settings import AwsSettings
from pipeline.contracts.settings import (
    ROOT,
    AnalysisSettings,
    ApiSettings,
    CassandraSettings,
    IngestSettings,
    KafkaSettings,
    LogSettings,
    PathSettings,
    S3Settings,
)
from stack.settings import PREFIX
from tests.unit.stack.test_docker_files import BASE, merged

HERE = ROOT / "connectors" / "aws" / "deploy"
SCRIPT = HERE / "deploy.sh"
OURS = {"schema", "analysis", "ingest", "api", "door"}
GROUPS = (
    *(AwsSettings, AnalysisSettings, ApiSettings, CassandraSettings, IngestSettings),
    *(KafkaSettings, LogSettings, PathSettings, S3Settings),
)
GIVEN = ["--stack", "Trial", "--videos", "in", "--results", "out", "--vpc", "vpc-1", "--subnets", "subnet-1,subnet-2"]


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    found: dict[str, Any] = cfn_yaml.load(str(HERE / "framewise.yaml"))
    return found


@pytest.fixture(scope="module")
def containers(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    given = template["Resources"]["Task"]["Properties"]["ContainerDefinitions"]
    plain = [entry["Fn::If"][1] if "Fn::If" in entry else entry for entry in given]
    return {entry["Name"]: entry for entry in plain}


def variables(container: dict[str, Any]) -> dict[str, Any]:
    return {entry["Name"]: entry["Value"] for entry in container["Environment"]}


@pytest.mark.parametrize("name", ["framewise.yaml", "registry.yaml"])
def test_the_linter_of_templates_has_nothing_to_say(name: str) -> None:
    text = (HERE / name).read_text()
    assert [str(match) for match in lint(text)] == []
    assert len(text.encode()) < 51_200, "a larger template needs a bucket to be deployed from"


def test_every_variable_is_a_setting(containers: dict[str, dict[str, Any]]) -> None:
    known = {PREFIX + name.upper() for group in GROUPS for name in group.model_fields}
    for container in containers.values():
        assert {name for name in variables(container) if name.startswith(PREFIX)} <= known


def test_every_command_exists_and_waits_for_the_schema(containers: dict[str, dict[str, Any]]) -> None:
    assert set(containers) == OURS | {"kafka", "cassandra"}
    for name in OURS:
        assert importlib.util.find_spec(containers[name]["Command"][2])
        assert containers[name]["User"] == "10001:10001"
    for name in ("analysis", "ingest", "api"):
        assert containers[name]["DependsOn"] == [{"ContainerName": "schema", "Condition": "SUCCESS"}]
    assert {entry["ContainerName"] for entry in containers["door"]["DependsOn"]} == {"api", "ingest", "analysis"}


def test_servers_are_those_of_the_containers_of_this_machine(containers: dict[str, dict[str, Any]]) -> None:
    compose = merged(BASE)
    for name, own in (("kafka", ("LISTENER", "VOTERS")), ("cassandra", ())):
        here, there = compose[name]["environment"], variables(containers[name])
        assert set(here) == set(there)
        differing = {key for key, value in here.items() if value != there[key]}
        assert all(any(word in key for word in own) for key in differing), differing
    parameters = cfn_yaml.load(str(HERE / "framewise.yaml"))["Parameters"]
    assert parameters["KafkaImage"]["Default"] == compose["kafka"]["image"]
    assert parameters["CassandraImage"]["Default"].endswith(f"/{compose['cassandra']['image']}")


def test_roles_allow_nothing_everywhere(template: dict[str, Any]) -> None:
    for role in ("ExecutionRole", "TaskRole"):
        for policy in template["Resources"][role]["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                assert not any("*" in action for action in actions)
                assert statement["Resource"] != "*" or actions == ["ecr:GetAuthorizationToken"]


def test_the_door_sets_a_message_aside_before_the_queue_does(
    template: dict[str, Any], containers: dict[str, dict[str, Any]]
) -> None:
    policy = template["Resources"]["Queue"]["Properties"]["RedrivePolicy"]
    assert policy["maxReceiveCount"] == {"Ref": "MostDeliveries"}
    assert variables(containers["door"])["FRAMEWISE_AWS_TRIES"] == {"Ref": "Tries"}
    parameters = template["Parameters"]
    assert parameters["MostDeliveries"]["Default"] > parameters["Tries"]["Default"]


def run(*arguments: str, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": path, "AWS_REGION": "eu-central-1"}
    return subprocess.run(
        ["/bin/bash", str(SCRIPT), *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_linter_of_scripts_has_nothing_to_say() -> None:
    command = [str(Path(sys.executable).parent / "shellcheck"), str(SCRIPT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_dry_run_prints_what_it_would_do(template: dict[str, Any]) -> None:
    done = run(*GIVEN, "--capacity", "GPU", "--set", "FrameRatio=0.5", "--dry-run")
    assert done.returncode == 0
    registry, build, log_in, push, deploy, _ = done.stderr.splitlines()
    assert "--stack-name Trial-registry" in registry
    assert "RUNTIME=gpu" in build
    assert " | docker login --username AWS --password-stdin " in log_in
    assert push.startswith("+ docker push ACCOUNT.dkr.ecr.eu-central-1.amazonaws.com/trial:")
    overrides = {word.partition("=")[0] for word in deploy.split("--parameter-overrides ")[1].split() if "=" in word}
    assert overrides <= set(template["Parameters"])
    without = {name for name, parameter in template["Parameters"].items() if "Default" not in parameter}
    assert without <= overrides


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "missing: --stack --videos --results --vpc --subnets"),
        (("--stack",), "--stack needs a value"),
        (("--frobnicate",), "what is --frobnicate"),
        ((*GIVEN, "--capacity", "LAMBDA"), "--capacity is FARGATE, FARGATE_SPOT or GPU"),
        ((*GIVEN, "--set", "FrameRatio"), "--set takes PARAMETER=VALUE"),
        (GIVEN, "the AWS command line is missing"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    for name in ("dirname", "bash"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    done = run(*arguments, path=str(tmp_path))
    assert done.returncode == 1
    assert said in done.stderr
