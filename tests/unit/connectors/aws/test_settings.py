"""Settings of the door, and the file by which that system was configured."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.aws.settings import AwsSettings
from connectors.aws.variables import VariablesInvalid
from pipeline.contracts.settings import wrong_settings

VARIABLES: dict[str, Any] = {
    "process_steps": ["upload", "human_detection"],
    "aws_region": "eu-west-1",
    "aws_queues": {"human_detection": "humans", "team_detection": "teams"},
    "dynamodb": {"region": "eu-west-3", "table_id": "videos"},
    "video_split": {"output_bucket": "results", "output_key_prefix": "x"},
    "human_detection": {
        "detectors": [["HumanDetector", {"min_detection_score": 0.4, "max_batch_size": 5}], ["FaceDetector", {}]],
        "frame_ratio": 0.2,
    },
}
ENVIRONMENT = {"AWS_QUEUES": "one, two", "AWS_TABLE": "videos", "AWS_OUTPUT_BUCKET": "results"}


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    def make(variables: Any = None, **environment: str) -> AwsSettings:
        if variables is not None:
            (tmp_path / "variables.json").write_text(json.dumps(variables))
            environment["AWS_VARIABLES"] = str(tmp_path / "variables.json")
        for name, value in environment.items():
            monkeypatch.setenv(f"FRAMEWISE_{name}", value)
        return AwsSettings()

    return make


def test_the_file_of_that_system_is_enough(settings: Any) -> None:
    found = settings(VARIABLES)
    assert (found.aws_queues, found.aws_table, found.aws_output_bucket) == (("humans",), "videos", "results")
    assert (found.aws_region, found.aws_table_region, found.aws_frame_ratio) == ("eu-west-1", "eu-west-3", 0.2)
    assert [d.task() for d in found.aws_detectors] == [
        {"name": "objects_detection", "minConfidence": 0.4, "maxBatchSize": 5},
        {"name": "faces_detection"},
    ]


def test_the_environment_goes_before_the_file(settings: Any) -> None:
    found = settings(VARIABLES, AWS_FRAME_RATIO="1", AWS_QUEUES='["a", "https://sqs/1/b"]')
    assert (found.aws_frame_ratio, found.aws_queues, found.aws_table) == (1.0, ("a", "https://sqs/1/b"), "videos")


def test_the_environment_alone_is_enough(settings: Any) -> None:
    found = settings(**ENVIRONMENT, AWS_DETECTORS='[["FaceDetector", {"min_detection_score": 0.9}]]')
    assert found.aws_queues == ("one", "two")
    assert [d.task() for d in found.aws_detectors] == [{"name": "faces_detection", "minConfidence": 0.9}]


@pytest.mark.parametrize("queues", ["one", ["one"], {"human_detection": ["one"], "x": "two"}])
def test_queues_are_named_as_a_text_a_list_or_by_their_step(settings: Any, queues: Any) -> None:
    assert settings(VARIABLES | {"aws_queues": queues}).aws_queues == ("one",)


def test_another_step_has_its_own_queue_and_section(settings: Any) -> None:
    variables = VARIABLES | {"team_detection": {"detectors": [["FaceDetector", {}]], "frame_ratio": 1}}
    found = settings(variables, AWS_STEP="team_detection")
    assert (found.aws_queues, found.aws_frame_ratio, len(found.aws_detectors)) == (("teams",), 1.0, 1)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"detectors": [["CatDetector", {}]]}, "no detector 'CatDetector'; there are HumanDetector, FaceDetector"),
        ({"detectors": [["FaceDetector", {"min_detection_score": 1.4}]]}, "less than or equal to 1"),
        ({"detectors": [["FaceDetector", {"score": 1}]]}, "SCORE: Extra inputs"),
        ({"detectors": [["FaceDetector"], ["FaceDetector"]]}, "named twice"),
        ({"detectors": [7]}, "not 7"),
        ({"detectors": []}, "at least one"),
        ({"frame_ratio": 0}, "FRAMEWISE_AWS_FRAME_RATIO: Input should be greater than 0"),
    ],
)
def test_what_is_wrong_in_the_step_is_named(settings: Any, section: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as e:
        settings(VARIABLES | {"human_detection": section})
    assert said in wrong_settings(e.value)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (VARIABLES | {"aws_queues": {"team_detection": "teams"}}, "no queue for the step human_detection"),
        (VARIABLES | {"dynamodb": {"table_id": ""}}, "dynamodb.table_id"),
        ([], "no JSON object"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(settings: Any, variables: Any, said: str) -> None:
    with pytest.raises(VariablesInvalid, match=said):
        settings(variables)


def test_what_nobody_gives_is_asked_for_by_name(settings: Any) -> None:
    with pytest.raises(ValidationError) as e:
        settings(AWS_TABLE="videos")
    assert "FRAMEWISE_AWS_QUEUES: Field required" in wrong_settings(e.value)
