"""Owns what one look at a service looks like in a terminal."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from framewise.answers import Video
from framewise.cli.output import plain
from framewise.system import LiveStream, System
from framewise.top.look import Look

LEVELS = {"good": "green", "warn": "yellow", "bad": "bold red"}
UNITS = ("B", "kB", "MB", "GB", "TB")
SHORT_ID = 8


def screen(look: Look, height: int | None = None) -> RenderableType:
    """Everything that was seen; with a height, lists are cut so that all parts have room."""
    if look.system is None:
        return Text(plain(look.error), "bold red")
    room = None if height is None else max(3, (height - 24) // 2)
    return Group(*_parts(look, look.system, room))


def _parts(look: Look, system: System, room: int | None) -> Iterator[RenderableType]:
    yield _head(system)
    for one in system.advice:
        yield Text(plain(f"{one.what} {one.do}"), LEVELS.get(one.level, ""))
    yield _table(("STREAM", "STATE", "FRAMES/S", "LAG", "DROPPED", "SOURCE"), map(_stream, look.streams), room)
    yield _table(("VIDEO", "STATE", "FRAMES/S", "LEFT", "FRAMES", "NAME"), map(_video, look.videos), room)
    yield _table(("TOPIC", "BYTES", "WAITING"), ((t.topic, size(t.bytes), t.waiting) for t in system.topics))
    yield _table(("STAGE", "FRAMES/S"), ((s.stage, f"{s.frames_per_second:.1f}") for s in system.stages))
    yield _table(("WORKER", "FRAMES/S"), ((w.worker, f"{w.frames_per_second:.1f}") for w in system.workers), room)
    yield _table(("SERVICE", "PROCESSES", "CPU", "MEMORY"), _processes(system))
    if system.gpus:
        yield _table(("GPU", "USE", "MEMORY"), ((g.gpu, f"{g.use:.0%}", size(g.memory_bytes)) for g in system.gpus))


def _head(system: System) -> Text:
    head = Text(f"{system.at:%H:%M:%S} UTC  ")
    head.append(system.level, LEVELS.get(system.level, ""))
    for server in system.servers:
        head.append("  ")
        head.append(plain(server.name), "green" if server.ok else "bold red")
    queue = system.queue
    head.append(f"\nvideos: {plain(queue.processing)} at work, {plain(queue.pending)} waiting")
    if system.workforce is not None:
        crew = system.workforce
        head.append(f"   workers: {crew.working} of {crew.wanted} wanted, {crew.live} for live frames")
    if system.lag_seconds is not None:
        head.append(f"   behind: {system.lag_seconds:.0f} s")
    if system.window_seconds is not None:
        head.append(f"   rates over {system.window_seconds:.0f} s")
    return head


def _stream(stream: LiveStream) -> Sequence[object]:
    video = stream.video
    state = video.status if video.connected is not False else f"{video.status}, away"
    lag = None if video.lag_seconds is None else f"{video.lag_seconds:.1f} s"
    rate = None if stream.frames_per_second is None else f"{stream.frames_per_second:.1f}"
    return (video.video_id[:SHORT_ID], state, rate, lag, video.frames.dropped, _source(stream))


def _source(stream: LiveStream) -> str:
    """Its name and its address, without a password."""
    scheme, mark, rest = (stream.camera or "").partition("://")
    camera = f"{scheme}://{rest.rpartition('@')[2]}" if mark else stream.camera or ""
    name = stream.video.video_name
    return camera if name in ("", camera) else f"{name} {camera}".strip()


def _video(video: Video) -> Sequence[object]:
    frames = video.frames
    done = f"{frames.done + frames.failed} of {'?' if frames.expected is None else frames.expected}"
    rate = None if video.rate is None else f"{video.rate:.1f}"
    left = None if video.eta_seconds is None else f"{video.eta_seconds:.0f} s"
    return (video.video_id[:SHORT_ID], video.status, rate, left, done, video.video_name)


def _processes(system: System) -> Iterator[Sequence[object]]:
    for one in system.processes:
        processors = None if one.processors is None else f"{one.processors:.2f}"
        yield (one.service, one.processes, processors, size(one.memory_bytes))


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]], room: int | None = None) -> RenderableType:
    """A table, or nothing for no rows; `room` is the most rows that are shown."""
    found = list(rows)
    if not found:
        return Text(f"\nno {columns[0].lower()}", "dim")
    shown = Table(*columns, box=None, pad_edge=False, header_style="bold", expand=False)
    for row in found[:room]:
        shown.add_row(*(Text(plain(cell), no_wrap=True, overflow="ellipsis") for cell in row))
    more = len(found) - len(found[:room])
    return Group(Text(), shown, *([Text(f"and {more} more", "dim")] if more else []))


def size(count: int | None) -> str:
    """Bytes in words; a dash when they are not known."""
    if count is None:
        return "-"
    value, unit = float(count), 0
    while value >= 1000 and unit < len(UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} {UNITS[unit]}" if unit == 0 else f"{value:.1f} {UNITS[unit]}"
