"""What ingest tries and says of the sandbox of its decoders."""

from pathlib import Path

import pytest

from ingest.sandbox import announce_sandbox, tried
from pipeline.contracts.settings import IngestSettings
from pipeline.sandbox.confinement import read_confinement
from pipeline.sandbox.sealing import MEASURES
from tests.unit.ingest.decoding import decoded
from tests.unit.ingest.media import numbered_video

ALL = tuple(measure.name for measure in MEASURES)


def test_a_decoder_says_what_confines_it(tmp_path: Path) -> None:
    found = decoded(numbered_video(tmp_path / "a.mp4", 5)).confinement
    assert found is not None
    assert {*ALL, "rlimit"} == {means for every in found.in_force.values() for means in every} | found.missing.keys()


def test_the_service_tries_it_and_writes_it_down(tmp_path: Path) -> None:
    settings = IngestSettings()
    announce_sandbox(tmp_path, settings)
    written = read_confinement(tmp_path)
    assert written == tried(settings)
    assert "memory (rlimit)" in str(written)


def test_a_decoder_that_does_not_start_takes_back_what_was_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    announce_sandbox(tmp_path, IngestSettings())
    announce_sandbox(
        tmp_path, IngestSettings.model_construct(**dict(IngestSettings()) | {"decode_memory_bytes": 1 << 25})
    )
    assert read_confinement(tmp_path) is None
    assert "FRAMEWISE_DECODE_MEMORY_BYTES" in caplog.text
