"""Runs the decoding child to its end."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingest.decode.messages import DecodeRequest, Finished, Message, Probe, SampledFrame
from ingest.decode.process import STARTED_ANEW, DecoderProcess
from ingest.decode.spawning import Spawn
from pipeline.contracts.videos import Sampling
from pipeline.sandbox.confinement import Confinement

REQUEST = DecodeRequest(
    sampling=Sampling(),
    frame_height=720,
    jpeg_quality=90,
    max_frame_bytes=950_000,
    max_pixels=8192 * 4352,
    max_duration=3600.0,
    memory_bytes=2 << 30,
)


@dataclass
class Decoded:
    """Everything a child said."""

    confinement: Confinement | None = None
    probe: Probe | None = None
    frames: list[SampledFrame] = field(default_factory=list)
    end: Finished | None = None

    @property
    def numbers(self) -> list[int]:
        """The sampled frame numbers."""
        return [frame.frame_number for frame in self.frames]

    @property
    def times(self) -> list[float]:
        """Their media times in seconds."""
        return [frame.media_time for frame in self.frames]


def decoded(path: Path, spawn: Spawn = STARTED_ANEW, stall: float = 20.0, **request: object) -> Decoded:
    """Decode a file; raises what the process raises."""
    found = Decoded()
    with DecoderProcess(replace(REQUEST, **request), path, stall, lambda: None, spawn) as child:  # type: ignore[arg-type]
        for message in child.messages():
            if isinstance(message, Confinement):
                found.confinement = message
            elif isinstance(message, Probe):
                found.probe = message
            elif isinstance(message, SampledFrame):
                found.frames.append(message)
            elif isinstance(message, Finished):
                found.end = message
    return found


def begun(messages: Iterator[Message]) -> Probe:
    """The probe of a child that has begun to decode, confined."""
    assert isinstance(next(messages), Confinement)
    probe = next(messages)
    assert isinstance(probe, Probe)
    return probe
