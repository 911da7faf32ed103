"""The result file of that system."""

import io
import json

import pytest

from connectors.aws import result_file
from connectors.aws.fourcc import codec_code
from tests.unit.connectors.aws.known import BOTH, completed, person, row


def test_frames_are_written_as_that_system_wrote_them() -> None:
    rows = [
        row(1, "faces_detection", person(0.9, "face")),
        row(1, "objects_detection", person(0.5), person(0.9, "dog")),
        row(6, "faces_detection", error="the model failed"),
        row(6, "objects_detection"),
    ]
    file = io.BytesIO()
    assert result_file.write(file, completed(), rows, BOTH) == 2
    box = [pytest.approx(at) for at in (0.2, 0.1, 0.6, 0.4)]
    assert json.loads(file.getvalue()) == {
        "fps": 25.0,
        "codec_code": 875967080,
        "frames": [
            {
                "frame_index": 0,
                "frame_timestamp": 0.0,
                "Human": {"classes": [1], "boxes": [box], "scores": [0.5]},
                "Face": {"classes": [1], "boxes": [box], "scores": [0.9]},
            },
            {
                "frame_index": 5,
                "frame_timestamp": 200.0,
                "Human": {"classes": [], "boxes": [], "scores": []},
                "Face": {"classes": [], "boxes": [], "scores": [], "error": "the model failed"},
            },
        ],
    }


def test_a_video_without_rows_is_a_file_without_frames() -> None:
    file = io.BytesIO()
    result_file.write(file, completed(fps=None, codec=None), [], BOTH)
    assert json.loads(file.getvalue()) == {"fps": None, "codec_code": None, "frames": []}


@pytest.mark.parametrize(
    ("codec", "letters"),
    [("h264", b"h264"), ("hevc", b"hevc"), ("mpeg4", b"FMP4"), ("vp9", b"VP90"), ("gif", b"gif "), ("mjpeg", b"MJPG")],
)
def test_codecs_have_opencvs_numbers(codec: str, letters: bytes) -> None:
    assert codec_code(codec) == int.from_bytes(letters, "little")
