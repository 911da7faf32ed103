"""Rows as JSON are what the models of the answers say."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from api.responses import ResultsAnswer
from api.rows import page_json, row_json
from api.views import result_answer
from pipeline.contracts.results import Box, Detection, TaskName
from pipeline.stores.results import rows_of
from tests.unit.factories import T0, a_result, a_video, analyzed, dog


def test_both_ways_to_write_a_row_agree() -> None:
    frame = replace(
        analyzed(
            a_video().video_id,
            7,
            a_result([dog(1 / 3), Detection("Größe 🐕", 0.0)]),
            a_result(
                [Detection("happy", 1.0, Box(0.0, 1e-9, 1.0, 0.1), {"happy": 1.0, "sad": 1e-12})], TaskName.EMOTIONS
            ),
            a_result([Detection("Anna", 0.7, None, {}, UUID(int=1)), Detection("unknown", 0.1)], TaskName.IDENTITIES),
            a_result([], TaskName.FACES, error='it "raised"\n'),
        ),
        captured_at=T0 + timedelta(milliseconds=7),
    )
    rows = list(rows_of(frame))
    answer = ResultsAnswer(items=[result_answer(row) for row in rows], next_cursor="abc", complete=True)
    assert page_json(rows, "abc", True).decode() == answer.model_dump_json()
    assert [row_json(row).decode() for row in rows] == [result_answer(row).model_dump_json() for row in rows]
