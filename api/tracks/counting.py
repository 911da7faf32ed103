"""Owns what is counted at the lines and zones of a video, from its stored tracks."""

from collections.abc import Iterator
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from api.services import Services
from api.tracks.answers import (
    CountsAnswer,
    CrossingsAnswer,
    DwellAnswer,
    LabelCrossings,
    LabelVisits,
    LineCounts,
    OccupancyAnswer,
    ZoneCounts,
)
from api.tracks.crossings import Crossings
from api.tracks.params import CountParams
from api.tracks.view import is_complete
from api.tracks.visits import Presence, Visits, interval_of
from pipeline.contracts.frames import bucket_of
from pipeline.contracts.regions import Regions
from pipeline.contracts.tracks import Tracking, TrackPoints
from pipeline.contracts.videos import Video
from pipeline.stores.tracks import TrackQuery, TrackStore

WINDOWS = 60
MOST_WINDOWS = 2000
AT_ONCE = 1000


def counted(services: Services, video: Video, params: CountParams) -> CountsAnswer:
    """The counts, of all points that are kept now; nothing is remembered between two questions."""
    state = services.tracks.state(video.video_id)
    regions = services.regions.get(video.video_id)
    through = state.through_time if state else 0.0
    step = _step(params, through)
    lines, zones = _looked_at(services.tracks, video.video_id, regions, params, step, state)
    windows = _windows(params, step, through) if state else range(0)
    end = through if params.to is None else min(params.to, through)
    return CountsAnswer(
        video_id=video.video_id,
        complete=is_complete(video, state),
        through_time=through if state else None,
        step=step,
        lines=[_line(found, windows) for found in lines],
        zones=[_zone(found, windows, params, end) for found in zones],
    )


def _windows(params: CountParams, step: float, through: float) -> range:
    """The stretches of which something is asked for, as far as tracks are made; one that begins at `to` is none."""
    first = int((params.from_ or 0.0) // step)
    if params.to is None or params.to > through:
        return range(first, int(through // step) + 1)
    return range(first, int(-(-params.to // step)))


def _step(params: CountParams, through: float) -> float:
    """Seconds of a stretch: those asked for, or whole ones that make about sixty."""
    span = max(min(params.to or through, through) - (params.from_ or 0.0), 0.0)
    wanted = params.step or max(1.0, float(-(-span // WINDOWS)))
    return max(wanted, float(-(-span // MOST_WINDOWS)))


def _looked_at(
    store: TrackStore, video_id: UUID, regions: Regions, params: CountParams, step: float, state: Tracking | None
) -> tuple[list[Crossings], list[Presence]]:
    since = params.from_ or 0.0
    lines = [Crossings(line, step, since) for line in regions.lines]
    zones = [Presence(z, step, 0.0) for z in regions.zones]
    if state is None or not regions:
        return lines, zones
    labels = _labels(store, video_id, params)
    for points in _buckets(store, video_id, state, params):
        interval = interval_of(np.concatenate([p.times for p in points])) if points else 0.0
        for zone in zones:
            zone.interval = interval or zone.interval
        for found in points:
            if (label := labels.get(found.track_id)) is not None:
                for line in lines:
                    line.add(found, label)
                later = _cut(found, found.times >= since)
                for zone in zones:
                    zone.add(later, label)
        for zone in zones:
            zone.end_bucket()
    return lines, zones


def _labels(store: TrackStore, video_id: UUID, params: CountParams) -> dict[str, str]:
    """What each wanted track is."""
    query, after = TrackQuery(label=params.label, time_from=params.from_, time_to=params.to), None
    found: dict[str, str] = {}
    while True:
        page = store.page(video_id, query, AT_ONCE, after)
        found |= {track.track_id: track.label for track in page.tracks}
        if (after := page.next) is None:
            return found


def _buckets(store: TrackStore, video_id: UUID, state: Tracking, params: CountParams) -> Iterator[list[TrackPoints]]:
    """The points of each bucket until the time asked for; those before it tell from which side somebody came."""
    end = np.inf if params.to is None else params.to
    for bucket in range(bucket_of(max(1, state.through_frame)) + 1):
        cut = (_cut(points, points.times < end) for points in store.points(video_id, bucket))
        yield [points for points in cut if len(points.frames)]


def _cut(points: TrackPoints, keep: NDArray[np.bool_]) -> TrackPoints:
    if keep.all():
        return points
    return TrackPoints(points.track_id, points.frames[keep], points.times[keep], points.boxes[keep])


def _line(found: Crossings, windows: range) -> LineCounts:
    labels = sorted({label for label, _ in found.by_label})
    return LineCounts(
        name=found.line.name,
        points=list(found.line.points),
        in_=found.total(inwards=True),
        out=found.total(inwards=False),
        by_label=[LabelCrossings(label=n, in_=found.by_label[n, True], out=found.by_label[n, False]) for n in labels],
        over_time=[
            CrossingsAnswer(
                from_=w * found.step,
                to=(w + 1) * found.step,
                in_=found.over_time[w, True],
                out=found.over_time[w, False],
            )
            for w in windows
        ],
    )


def _zone(found: Presence, windows: range, params: CountParams, end: float) -> ZoneCounts:
    total = found.total()
    return ZoneCounts(
        name=found.zone.name,
        points=list(found.zone.points),
        visits=total.visits,
        tracks=total.tracks,
        inside=found.inside_at(end),
        most_at_once=max(found.most.values(), default=0),
        dwell=_dwell(total),
        by_label=[
            LabelVisits(label=label, visits=v.visits, tracks=v.tracks, dwell=_dwell(v))
            for label, v in sorted(found.by_label.items())
        ],
        over_time=[_occupancy(found, window, params.from_ or 0.0, end) for window in windows],
    )


def _occupancy(found: Presence, window: int, first: float, last: float) -> OccupancyAnswer:
    """On average over the part of the stretch that was asked for and is made."""
    start, end = window * found.step, (window + 1) * found.step
    length = max(min(end, last + found.interval) - max(start, first), 1e-9)
    return OccupancyAnswer(from_=start, to=end, mean=round(found.seconds[window] / length, 3), most=found.most[window])


def _dwell(visits: Visits) -> DwellAnswer:
    return DwellAnswer(total=round(visits.total, 3), mean=round(visits.mean, 3), longest=round(visits.longest, 3))
