"""Owns making the parts of the agent from its settings."""

import fcntl
import os
from pathlib import Path

from connectors.edge.agent.capturing import Source
from connectors.edge.agent.devices import DeviceSource, StreamSource, Wish
from connectors.edge.agent.files import FileSource
from connectors.edge.agent.finding import Finder, load_finder
from connectors.edge.agent.settings import AgentSettings
from connectors.edge.agent.spool import Spool
from connectors.edge.agent.watching import Choice, Keeping, Place, Watcher
from connectors.edge.topics import TopicTemplate
from inference.weights import Weights
from pipeline.contracts.errors import SourceRefused, StackError
from pipeline.contracts.settings import PathSettings
from pipeline.crop_quality import Least

STREAMS = ("rtsp", "rtsps", "http", "https")


def source_of(settings: AgentSettings) -> Source:
    """A number or a path under /dev is a camera, an address a stream, all else a file. Raises SourceRefused."""
    source = settings.source
    scheme, mark, _ = source.partition("://")
    if mark:
        if scheme not in STREAMS:
            raise SourceRefused(f"a source of {scheme}:// is not known; write one of {', '.join(STREAMS)}")
        return StreamSource(source)
    if source.isdecimal() or source.startswith("/dev/"):
        width, height = settings.resolution or (None, None)
        return DeviceSource(source, Wish(width, height, settings.fps))
    return FileSource(Path(source), fast=settings.fast, began=settings.recorded_at)


def finder_of(settings: AgentSettings, paths: PathSettings) -> Finder:
    """The detector, its weights fetched if need be. Raises ModelUnavailable."""
    weights = Weights(paths.weights_dir, paths.mirror)
    return load_finder(settings.model, paths.models_dir, weights, settings.labels, settings.min_score, settings.threads)


def watcher_of(settings: AgentSettings, finder: Finder, spool: Keeping) -> Watcher:
    """What looks at frames."""
    place = Place(settings.site, settings.camera, TopicTemplate(settings.topic))
    least = Least(settings.min_pixels, settings.min_sharpness, finder.least)
    return Watcher(place, Choice(least, settings.per_track, settings.margin, settings.largest), finder, spool)


def spool_of(settings: AgentSettings, paths: PathSettings) -> Spool:
    """The crops of this camera on disk. Raises StackError where another agent has them."""
    folder = paths.data_dir / "edge" / settings.site / settings.camera
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)  # held until the process ends
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as e:
        os.close(lock)
        raise StackError(f"another agent is at work for {settings.site}/{settings.camera}: {folder} is its own") from e
    return Spool(folder, settings.spool_bytes, settings.spool_crops)
