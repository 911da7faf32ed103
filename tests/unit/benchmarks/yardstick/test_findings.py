from pathlib import Path

import pytest

from benchmarks.yardstick.findings import Finding, Found, differences, findings, read_found, write_found
from pipeline.contracts.results import Detection, FrameResult, ResultStatus, TaskName

PERSON: Finding = ("objects_detection", "person", 0.8)
DOG: Finding = ("objects_detection", "dog", 0.6)


def near(finding: Finding, by: float) -> Finding:
    return finding[0], finding[1], finding[2] + by


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ([], []),
        ([PERSON, DOG], [DOG, PERSON]),
        ([PERSON], [near(PERSON, 0.009)]),
        ([PERSON, near(PERSON, 0.001)], [near(PERSON, 0.002), PERSON]),
    ],
)
def test_the_same_findings_are_equal(expected: list[Finding], found: list[Finding]) -> None:
    assert differences({"0/1": expected}, {"0/1": found}) == []


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"0/1": [DOG]}, "0/1: dog 0.600 instead of person 0.800"),
        ({"0/1": [near(PERSON, 0.011)]}, "0/1: person 0.811 instead of person 0.800"),
        ({"0/1": []}, "0/1: nothing instead of person 0.800"),
        ({"0/1": [("faces_detection", "person", 0.8)]}, "0/1: person 0.800 instead of person 0.800"),
        ({}, "0/1: missing"),
        ({"0/1": [PERSON], "0/2": []}, "0/2: nobody asked for it"),
    ],
)
def test_anything_else_is_told(found: Found, said: str) -> None:
    assert differences({"0/1": [PERSON]}, found) == [said]


def test_what_was_found_is_kept(tmp_path: Path) -> None:
    found: Found = {"0/1": [PERSON, DOG], "1/1": []}
    write_found(tmp_path / "found.json", found)
    assert read_found(tmp_path / "found.json") == found


def test_a_failed_result_is_never_passed_over() -> None:
    good = FrameResult(TaskName.OBJECTS, "m", "d", ResultStatus.OK, None, 1.0, (Detection("dog", 0.6),))
    bad = FrameResult(TaskName.FACES, "m", "d", ResultStatus.FAILED, "no model", 0.0)
    assert findings([good]) == [DOG]
    with pytest.raises(RuntimeError, match="faces_detection failed: no model"):
        findings([good, bad])
