"""The templates made real by a CloudFormation that is not Amazon's: what belongs together does, in either capacity."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.aws.sqs import SqsQueue
from pipeline.contracts.settings import ROOT
from tests.aws import Aws, serving_aws

pytestmark = pytest.mark.slow
HERE = ROOT / "connectors" / "aws" / "deploy"
GPU_IMAGE = "/aws/service/ecs/optimized-ami/amazon-linux-2/gpu/recommended/image_id"
"""The one that the server knows of."""


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with serving_aws() as running:
        yield running


def deploy(aws: Aws, name: str, **more: str) -> dict[str, str]:
    """Deploy; the outputs."""
    ec2 = aws.client("ec2")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]]
    given = {
        "VpcId": ec2.describe_vpcs()["Vpcs"][0]["VpcId"],
        "SubnetIds": ",".join(subnets[:2]),
        "ImageUri": "registry/framewise:tag",
        "VideoBucket": "videos",
        "OutputBucket": "results",
        "GpuImageId": GPU_IMAGE,
        **more,
    }
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=(HERE / "framewise.yaml").read_text(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def task(aws: Aws, name: str) -> dict[str, Any]:
    """The task definition of a stack."""
    found: dict[str, Any] = aws.client("ecs").describe_task_definition(taskDefinition=name)["taskDefinition"]
    return found


def variables(definition: dict[str, Any], container: str) -> dict[str, str]:
    """The environment of a container."""
    chosen = next(entry for entry in definition["containerDefinitions"] if entry["name"] == container)
    return {entry["name"]: entry["value"] for entry in chosen["environment"]}


def test_a_task_on_fargate_works_on_what_is_deployed_with_it(aws: Aws) -> None:
    made = deploy(aws, "cpu")
    definition = task(aws, "cpu")
    names = [container["name"] for container in definition["containerDefinitions"]]
    assert names == ["kafka", "cassandra", "schema", "analysis", "ingest", "api", "door"]
    door = variables(definition, "door")
    assert door["FRAMEWISE_AWS_TABLE"] == made["DocumentsTable"]
    assert variables(definition, "analysis")["FRAMEWISE_FRAME_STORE"] == f"s3://{made['FramesBucket']}/frames"
    assert variables(definition, "analysis")["FRAMEWISE_GPU"] == "false"
    queue = SqsQueue(aws.client("sqs"), door["FRAMEWISE_AWS_QUEUES"].rpartition("/")[2], 30)
    assert queue.sets_aside
    key = aws.client("dynamodb").describe_table(TableName=made["DocumentsTable"])["Table"]["AttributeDefinitions"]
    assert key == [{"AttributeName": "VideoId", "AttributeType": "N"}]


def test_a_task_with_a_gpu_is_for_an_instance(aws: Aws) -> None:
    made = deploy(aws, "gpu", Capacity="GPU", VideoIdType="S")
    definition = task(aws, "gpu")
    assert variables(definition, "analysis")["FRAMEWISE_GPU"] == "true"
    wanted = {entry["name"]: entry.get("resourceRequirements") for entry in definition["containerDefinitions"]}
    assert wanted.pop("analysis") == [{"type": "GPU", "value": "1"}]
    assert not any(wanted.values())
    key = aws.client("dynamodb").describe_table(TableName=made["DocumentsTable"])["Table"]["AttributeDefinitions"]
    assert key == [{"AttributeName": "VideoId", "AttributeType": "S"}]
