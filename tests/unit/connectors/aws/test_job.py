"""What becomes of a step and of a message."""

import pytest

from connectors.aws import job
from connectors.aws.job import Failure, Fate, Place, State, Step, Work

MINE, OTHER = "a1", "b2"
DONE = Step(State.DONE, Place("results", "1.json"), analysis=MINE)
SOON, NEVER = Failure("it is away", final=False), Failure("it is no video", final=True)


@pytest.mark.parametrize(
    "current",
    [None, Step(State.RUNNING, analysis=MINE), Step(State.ERROR, error="once", analysis=MINE), Step("waiting")],
)
def test_work_begins_on_whatever_is_not_done(current: Step | None) -> None:
    assert job.begun(current, MINE) == Step(State.RUNNING, analysis=MINE)


def test_what_is_done_is_not_begun_again_but_for_another_question() -> None:
    assert job.begun(DONE, MINE) is None
    assert job.begun(DONE, OTHER) == Step(State.RUNNING, analysis=OTHER)


def test_an_end_is_written_over_ones_own_work_and_over_what_was_reset() -> None:
    for current in (None, Step(State.RUNNING, analysis=MINE), Step("waiting")):
        assert job.ended(current, DONE) == DONE


def test_an_end_that_comes_late_is_not_written() -> None:
    assert job.ended(Step(State.RUNNING, analysis=OTHER), DONE) is None
    assert job.ended(DONE, Step(State.ERROR, error="slow", analysis=MINE)) is None


def test_work_that_could_not_begin_leaves_what_is_done() -> None:
    assert job.refused(DONE, "there is no such object") is None
    assert job.refused(None, "there is no such object") == Step(State.ERROR, error="there is no such object")


@pytest.mark.parametrize(
    ("failures", "receives", "fate"),
    [
        ([], 9, Fate.DELETE),
        ([SOON], 1, Fate.RETURN),
        ([SOON], 2, Fate.RETURN),
        ([SOON], 3, Fate.SET_ASIDE),
        ([NEVER], 1, Fate.SET_ASIDE),
        ([NEVER, SOON], 1, Fate.RETURN),
    ],
)
def test_a_message_comes_back_until_its_tries_are_used_up(failures: list[Failure], receives: int, fate: Fate) -> None:
    assert job.fate(failures, receives, tries=3) is fate


def test_pauses_double_up_to_a_bound() -> None:
    assert [job.pause(n, 30) for n in (1, 2, 3, 6, 1000)] == [30, 60, 120, 900, 900]


def test_an_analysis_is_told_by_all_that_decides_it() -> None:
    work = Work(5, Place("videos", "a"))
    same = job.digest_of(work, "v1", {"frame_ratio": 0.2})
    assert same == job.digest_of(Work(5, Place("videos", "a")), "v1", {"frame_ratio": 0.2})
    others = {
        job.digest_of(Work("5", Place("videos", "a")), "v1", {"frame_ratio": 0.2}),
        job.digest_of(work, "v2", {"frame_ratio": 0.2}),
        job.digest_of(work, "v1", {"frame_ratio": 0.5}),
        job.digest_of(Work(5, Place("videos", "b")), "v1", {"frame_ratio": 0.2}),
    }
    assert len(others | {same}) == 5


def test_results_have_places_that_s3_takes_and_that_are_known_again() -> None:
    place = job.result_place("results", "human", Work("é" * 600, Place("videos", "a")), "f" * 64)
    assert len(place.key.encode()) <= 1024
    assert job.result_place("results", "human", Work(5, Place("v", "a")), "f" * 64).key == "human/5-ffffffffffff.json"
    assert job.is_result(place, "results", "human")
    assert not job.is_result(place, "videos", "human")
