"""Owns what `framewise camera` does: a source, its video, what is shown, and whoever sends, until the end."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from threading import Event
from typing import Any

from framewise.camera.announcing import Announcement, Note
from framewise.camera.frames import Frames, open_frames
from framewise.camera.latest import write_latest
from framewise.camera.outbox import Outbox
from framewise.camera.preview import Preview
from framewise.camera.publisher import KafkaPublisher
from framewise.camera.run import HEIGHT, CameraRun
from framewise.camera.sending import Sender
from framewise.client import Client


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for. `options` are those of the client's `camera`."""

    source: str
    camera_id: str
    keep: str = "newest"
    interval: float = 0.2
    height: int = HEIGHT
    seconds: float | None = None
    latest: Path | None = None
    preview: bool = False
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of it: pictures taken, kept by the broker, and left out for newer ones; the videos."""

    captured: int
    sent: int
    dropped: int
    videos: tuple[str, ...]


def send(client: Client, asked: Asked, note: Note, begun: Callable[[str], None], stop: Event) -> Sent:
    """Send until `stop`, the end of a file or the asked seconds; `begun` is told the video's id.

    Raises SourceAway for a source that cannot be opened, CameraStopped when the video was cancelled or deleted, and
    what the client raises.
    """
    frames = open_frames(asked.source)  # first: a wrong source makes no video
    with ExitStack() as held:
        announced = held.enter_context(Announcement(client, asked.camera_id, asked.keep, asked.options, note))
        begun(announced.videos[0])
        outbox = Outbox()
        sender = Sender(outbox, announced, KafkaPublisher, note)
        taking = CameraRun(
            _first(frames, partial(open_frames, asked.source)),
            outbox,
            note,
            asked.interval,
            asked.height,
            asked.seconds,
            going=lambda: sender.running,
            shows=tuple(_shows(asked, held, note)),
            stop=stop,
        )
        sender.start()
        try:
            taking.run()
        finally:
            sender.finish()
        if sender.stopped is not None:
            raise sender.stopped
        return Sent(taking.captured, sender.sent, outbox.dropped + outbox.waiting, tuple(announced.videos))


def _first(frames: Frames, again: Callable[[], Frames]) -> Callable[[], Frames]:
    """Opens a source that is open already, and later again."""
    made = chain([lambda: frames], repeat(again))
    return lambda: next(made)()


def _shows(asked: Asked, held: ExitStack, note: Note) -> Iterator[Callable[[bytes], None]]:
    if asked.latest is not None:
        yield partial(write_latest, asked.latest.expanduser())
    if asked.preview:
        preview = held.enter_context(Preview())
        note(f"what is sent is shown at {preview.url}")
        yield preview.show
