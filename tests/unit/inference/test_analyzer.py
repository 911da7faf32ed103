"""The analyzer: one result a frame and task, in order, and never an exception."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from inference.analyzer import Analyzer
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.results import Box, FrameResult, ResultStatus, TaskName, TaskRequest
from pipeline.contracts.settings import ROOT, PathSettings
from tests.unit.inference.factories import boxes_body, brightness_detector, frame, jpeg, picture, write_card

OBJECTS = TaskRequest(TaskName.OBJECTS)
FACES = TaskRequest(TaskName.FACES)
EMOTIONS = TaskRequest(TaskName.EMOTIONS)


def _analyzer(folder: Path, **options: int) -> Analyzer:
    return Analyzer(folder / "cards", folder / "cache", folder, **options)  # type: ignore[arg-type]


@pytest.fixture
def objects(tmp_path: Path) -> Analyzer:
    """An objects model whose score is the brightness of the picture."""
    write_card(tmp_path, "tiny", brightness_detector(), boxes_body())
    return _analyzer(tmp_path)


def _scores(results: Sequence[tuple[FrameResult, ...]]) -> list[list[float]]:
    return [[round(d.confidence, 1) for d in frame_results[0].detections] for frame_results in results]


def test_results_come_in_the_order_of_frames_and_tasks(objects: Analyzer) -> None:
    frames = [frame(jpeg(picture(value)), OBJECTS) for value in (128, 0, 230, 64)]
    results = objects.analyze(frames)
    assert _scores(results) == [[0.5], [], [0.9], [0.2]]
    [first] = results[0]
    assert (first.task, first.model, first.status, first.error) == (TaskName.OBJECTS, "tiny", ResultStatus.OK, None)
    assert first.detections[0].box == Box(0.25, 0.25, 0.5, 0.5)
    assert first.inference_ms > 0


def test_options_of_a_submission_reach_the_model(objects: Analyzer) -> None:
    strict = TaskRequest(TaskName.OBJECTS, min_confidence=0.7, max_batch_size=1)
    loose = TaskRequest(TaskName.OBJECTS, min_confidence=0.0)
    data = jpeg(picture(128))
    assert _scores(objects.analyze([frame(data, strict), frame(data, OBJECTS), frame(data, loose)])) == [
        [],
        [0.5],
        [0.5],
    ]
    assert _scores(objects.analyze([frame(jpeg(picture(0)), loose)])) == [[0.0]]


def test_what_cannot_be_read_fails_in_each_task_and_alone(objects: Analyzer) -> None:
    good = jpeg(picture(128))
    results = objects.analyze([frame(b"nonsense", OBJECTS, FACES), frame(good, OBJECTS), frame(good[:200], OBJECTS)])
    assert [[r.status for r in frame_results] for frame_results in results] == [
        [ResultStatus.FAILED, ResultStatus.FAILED],
        [ResultStatus.OK],
        [ResultStatus.FAILED],
    ]
    assert "not a JPEG" in str(results[0][1].error)


def test_a_picture_with_too_many_pixels_is_refused(tmp_path: Path) -> None:
    write_card(tmp_path, "tiny", brightness_detector(), boxes_body())
    [[result]] = _analyzer(tmp_path, max_pixels=1000).analyze([frame(jpeg(picture(1)), OBJECTS)])
    assert "64x48 pixels" in str(result.error)


def test_a_model_that_raises_fails_for_its_picture_only(tmp_path: Path) -> None:
    write_card(tmp_path, "tiny", brightness_detector(classes=2), boxes_body(labels=["dark"]))
    frames = [frame(jpeg(picture(value)), OBJECTS) for value in (100, 200, 110)]
    results = [r for [r] in _analyzer(tmp_path).analyze(frames)]
    assert [r.status for r in results] == [ResultStatus.OK, ResultStatus.FAILED, ResultStatus.OK]
    assert "its card has 1 labels" in str(results[1].error)
    assert [d.label for d in results[2].detections] == ["dark"]


def test_the_second_choice_is_taken_where_the_first_cannot_be_had(tmp_path: Path) -> None:
    write_card(tmp_path, "first", brightness_detector(), boxes_body(preference=1))
    write_card(tmp_path, "second", brightness_detector(), boxes_body(preference=2))
    (tmp_path / "models" / "first" / "model.onnx").unlink()
    analyzer = _analyzer(tmp_path)
    [info] = analyzer.warm([TaskName.OBJECTS])
    [[result]] = analyzer.analyze([frame(jpeg(picture(128)), OBJECTS)])
    assert (info.model, result.model, info.labels, info.min_confidence) == ("second", "second", ("thing",), 0.2)
    assert info.digest == result.model_digest


def test_the_second_choice_is_taken_where_the_first_does_not_load(tmp_path: Path) -> None:
    write_card(tmp_path, "first", b"no network at all", boxes_body(preference=1))
    write_card(tmp_path, "second", brightness_detector(), boxes_body(preference=2))
    [info] = _analyzer(tmp_path).warm([TaskName.OBJECTS])
    assert info.model == "second"


def test_a_task_without_weights_says_what_was_tried(tmp_path: Path) -> None:
    write_card(tmp_path, "tiny", brightness_detector(), boxes_body())
    (tmp_path / "models" / "tiny" / "model.onnx").unlink()
    analyzer = _analyzer(tmp_path)
    assert analyzer.warm([TaskName.OBJECTS]) == []
    [[result]] = analyzer.analyze([frame(jpeg(picture(128)), OBJECTS)])
    assert result.status is ResultStatus.FAILED
    assert str(tmp_path / "models" / "tiny" / "model.onnx") in str(result.error)


def test_a_task_without_a_card_fails(objects: Analyzer) -> None:
    [[faces, emotions]] = objects.analyze([frame(jpeg(picture(128)), FACES, EMOTIONS)])
    assert "there is no card" in str(faces.error)
    assert "there is no card" in str(emotions.error)


def test_colours_need_no_weights(tmp_path: Path) -> None:
    analyzer = Analyzer(ROOT / "models", tmp_path / "cache")
    [[result]] = analyzer.analyze([frame(jpeg(picture(255)), TaskRequest(TaskName.COLORS))])
    assert [(d.label, d.confidence, d.box) for d in result.detections] == [("#ffffff", 1.0, None)]
    assert len(result.model_digest) == 64


def test_nothing_in_nothing_out(objects: Analyzer) -> None:
    assert objects.analyze([]) == []
    assert objects.analyze([frame(jpeg(picture(1)))]) == [()]


def test_the_settings_say_where_cards_and_weights_are(tmp_path: Path) -> None:
    write_card(tmp_path, "tiny", brightness_detector(), boxes_body())
    paths = PathSettings(data_dir=tmp_path / "var", mirror=tmp_path, models_dir=tmp_path / "cards")
    assert [info.model for info in Analyzer.from_settings(paths).warm([TaskName.OBJECTS])] == ["tiny"]
    assert (paths.weights_dir / "tiny" / "model.onnx").exists()


def test_a_frame_that_is_stored_blurred_has_its_unsure_faces_too(tmp_path: Path) -> None:
    body = boxes_body("faces_detection", labels=["face"], min_confidence=0.8)
    write_card(tmp_path, "faces", brightness_detector(), body)
    strict = TaskRequest(TaskName.FACES, min_confidence=0.9)
    analyzer, data = _analyzer(tmp_path), jpeg(picture(153))
    asked, strictly, unasked, full = analyzer.analyze(
        [
            replace(frame(data, FACES), store=StoreFrames.BLURRED),
            replace(frame(data, strict), store=StoreFrames.BLURRED),
            replace(frame(data), store=StoreFrames.BLURRED),
            frame(data, FACES),
        ]
    )
    assert [[len(r.detections) for r in results] for results in (asked, strictly, unasked, full)] == [
        [0, 1],
        [0, 1],
        [1],
        [0],
    ]


def test_faces_that_nobody_could_look_for_are_said_to_be_unknown(objects: Analyzer) -> None:
    frames = [replace(frame(data, OBJECTS), store=StoreFrames.BLURRED) for data in (jpeg(picture(128)), b"nonsense")]
    first, second = objects.analyze(frames)
    assert [(r.task, r.status) for r in first] == [
        (TaskName.OBJECTS, ResultStatus.OK),
        (TaskName.FACES, ResultStatus.FAILED),
    ]
    assert second[1].status is ResultStatus.FAILED
