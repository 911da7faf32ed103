"""The way of a frame through the agent, over twins."""

import itertools
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event

import pytest

from connectors.edge.agent.capturing import Captured, InMemorySource, Thinning
from connectors.edge.agent.finding import InMemoryFinder
from connectors.edge.agent.looking import FAILURES, look_on
from connectors.edge.agent.watching import Choice, Place, Watcher
from connectors.edge.crops import Crop
from connectors.edge.messages import Message, decode
from connectors.edge.topics import FACES
from inference.arrays import Image
from inference.images import decode_jpeg
from pipeline.contracts.errors import DiskFull, FramewiseError, MediaError, ModelFailed, SourceUnreachable
from pipeline.contracts.results import Detection
from pipeline.crop_quality import Least
from tests.unit.connectors.edge.agent.pictures import NOON, face, frames

ONE = (face(0.3),)


@dataclass
class KeptHere:
    """Takes messages, unless its disk is full."""

    messages: list[Message] = field(default_factory=list)
    full: bool = False

    def put(self, crop_id: str, message: Message) -> None:
        if self.full:
            raise DiskFull("no space")
        self.messages.append(message)

    @property
    def crops(self) -> list[Crop]:
        return [decode(message) for message in self.messages]


def watcher(kept: KeptHere, found: Sequence[Detection] | Exception = ONE, **choice: object) -> Watcher:
    def answer(image: Image) -> Sequence[Detection]:
        if isinstance(found, Exception):
            raise found
        return found

    return Watcher(
        Place("gate", "front", FACES),
        Choice(Least(32, 10, 0.5), **choice),  # type: ignore[arg-type]
        InMemoryFinder(answer),
        kept,
    )


def look(source: InMemorySource, watching: Watcher, halt: Event | None = None) -> None:
    look_on(source, watching, Thinning(None), halt or Event(), lambda: None)


def test_a_face_that_stays_gives_a_few_crops_that_say_what_they_are() -> None:
    kept = KeptHere()
    watching = watcher(kept)
    look(InMemorySource([list(frames(12))]), watching)
    assert 2 <= len(kept.crops) <= 3
    assert watching.tracks == 1
    assert watching.counts.frames == watching.counts.found == 120
    crop = kept.crops[0]
    assert (crop.site, crop.camera, crop.label) == ("gate", "front", "face")
    assert crop.box == face(0.3).box
    assert crop.captured_at - NOON < timedelta(seconds=1.6)
    assert crop.sharpness is not None
    assert crop.sharpness > 10
    assert crop.score == 0.9
    assert len({crop.track for crop in kept.crops}) == 1


def test_a_crop_shows_its_margin() -> None:
    kept = KeptHere()
    look(InMemorySource([list(frames(1))]), watcher(kept, margin=0.5))
    crop = kept.crops[0]
    assert crop.area is not None
    assert (crop.area.x, crop.area.width) == pytest.approx((0.2, 0.4))
    assert decode_jpeg(crop.image).shape == (144, 128, 3)


@pytest.mark.parametrize("found", [[face(0.3, score=0.3)], [Detection("face", 0.9, None)], []])
def test_what_is_not_good_enough_is_not_sent(found: list[Detection]) -> None:
    kept = KeptHere()
    look(InMemorySource([list(frames(3))]), watcher(kept, found))
    assert kept.messages == []


def test_what_is_kept_of_a_track_is_sent_when_somebody_says_halt() -> None:
    kept, halt = KeptHere(), Event()
    watching = watcher(kept)
    source = InMemorySource([list(frames(1))], lasting=True)
    look_on(source, watching, Thinning(None), halt, lambda: halt.set() if watching.counts.frames == 5 else None)
    assert watching.counts.frames == 5
    assert len(kept.crops) == 1


def test_a_camera_is_dialled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.edge.agent.looking.PAUSES", (0.0,))
    kept, halt = KeptHere(), Event()
    later = [Captured(f.image, f.captured_at + timedelta(minutes=1)) for f in frames(0.5)]

    class Last(InMemorySource):
        def frames(self, halting: Event):  # type: ignore[no-untyped-def]
            if self.dialled == 3:
                halt.set()
            return super().frames(halting)

    lost: list[Captured | FramewiseError] = [*frames(0.5), SourceUnreachable("the camera is gone")]
    source = Last([[SourceUnreachable("away")], lost, [*later], []], lasting=True)
    look(source, watcher(kept), halt)
    assert source.dialled == 4
    assert len({crop.track for crop in kept.crops}) == 2


@pytest.mark.parametrize("problem", [SourceUnreachable("no such file"), MediaError("no video")])
def test_a_file_that_cannot_be_had_ends_the_agent(problem: SourceUnreachable | MediaError) -> None:
    with pytest.raises(type(problem)):
        look(InMemorySource([[problem]]), watcher(KeptHere()))


def test_a_model_that_fails_now_and_then_costs_a_frame(caplog: pytest.LogCaptureFixture) -> None:
    watching = watcher(KeptHere(), ValueError("no"))
    assert not watching.look(next(frames(1)))
    assert "the model failed on a frame: ValueError: no" in caplog.text


def test_a_model_that_fails_always_ends_the_agent() -> None:
    watching = watcher(KeptHere(), ValueError("no"))
    with pytest.raises(ModelFailed, match="in a row"):
        look(InMemorySource([list(frames(10))]), watching)
    assert watching.counts.frames == FAILURES


def test_a_full_disk_loses_crops_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    kept = KeptHere(full=True)
    watching = watcher(kept)
    with caplog.at_level(logging.WARNING):
        look(InMemorySource([list(frames(3))]), watching)
    assert watching.counts.lost > 0
    assert "is lost: no space" in caplog.text


def test_frames_are_thinned_evenly() -> None:
    thinning = Thinning(4.0)
    taken = [frame.captured_at for frame in frames(10, rate=30) if thinning.wants(frame.captured_at)]
    assert 39 <= len(taken) <= 41
    gaps = [(b - a).total_seconds() for a, b in itertools.pairwise(taken)]
    assert max(gaps) <= 0.3


def test_a_clock_that_is_set_does_not_stop_the_frames() -> None:
    thinning = Thinning(10.0)
    assert thinning.wants(NOON)
    assert thinning.wants(NOON - timedelta(hours=1))
    assert thinning.wants(NOON + timedelta(hours=1))
    assert not thinning.wants(NOON + timedelta(hours=1, milliseconds=50))


def test_without_a_rate_every_frame_is_taken() -> None:
    assert all(Thinning(None).wants(frame.captured_at) for frame in frames(1))
