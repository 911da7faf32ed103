"""What of a frame is followed."""

from uuid import uuid4

from pipeline.contracts.results import Box, Detection, TaskName
from pipeline.stores.results import rows_of
from tests.unit.factories import a_result, analyzed
from tracking.families import family_of
from tracking.findings import found_in

NEAR, FAR = Box(0.1, 0.1, 0.1, 0.2), Box(0.6, 0.1, 0.1, 0.2)
FACES, EMOTIONS, IDENTITIES = TaskName.FACES, TaskName.EMOTIONS, TaskName.IDENTITIES


def test_one_thing_with_two_labels_is_followed_once_by_the_surer() -> None:
    nearly = Box(0.101, 0.1, 0.1, 0.2)
    cars = a_result([Detection("car", 0.6, NEAR), Detection("truck", 0.7, nearly), Detection("person", 0.5, NEAR)])
    found = found_in(list(rows_of(analyzed(uuid4(), 1, cars))))
    assert [(f.label, f.place) for f in found] == [("truck", 1), ("person", 2)]


def test_a_face_is_one_finding_of_all_its_tasks() -> None:
    person = uuid4()
    frame = analyzed(
        uuid4(),
        1,
        a_result([Detection("angry", 0.8, NEAR, {"angry": 0.8, "sad": 0.2})], EMOTIONS),
        a_result([Detection("face", 0.95, NEAR, {"nose_x": 0.1}), Detection("face", 0.7, FAR)], FACES),
        a_result([Detection("Ada", 0.6, NEAR, person_id=person), Detection("unknown", 0.2, FAR)], IDENTITIES),
    )
    one, other = found_in(list(rows_of(frame)))
    assert (one.task, one.label, one.score, one.marks) == (FACES, "face", 0.95, {"nose_x": 0.1})
    assert one.emotions == {"angry": 0.8, "sad": 0.2}
    assert one.named is not None
    assert (one.named.person_id, one.named.name) == (person, "Ada")
    assert (other.box, other.emotions) == (FAR, {})
    assert other.named is not None
    assert other.named.person_id is None


def test_a_task_that_failed_says_nothing() -> None:
    frame = analyzed(uuid4(), 1, a_result([], FACES, error="no"), a_result([Detection("sad", 0.5, NEAR)], EMOTIONS))
    assert [(f.task, f.label) for f in found_in(list(rows_of(frame)))] == [(EMOTIONS, "face")]


def test_colours_are_not_followed() -> None:
    assert found_in(list(rows_of(analyzed(uuid4(), 1, a_result([Detection("#ff0000", 0.5)], TaskName.COLORS))))) == []


def test_labels_that_are_confused_are_a_family() -> None:
    assert family_of("car") == family_of("truck") != family_of("dog")
    assert family_of("person") == "person"
    assert family_of("a label of somebody's own model") == "a label of somebody's own model"
