"""Owns the answer to a question about all videos: candidates are read, folded, and put in order."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from api.caller import Caller
from api.services import Services
from api.trends.answers import (
    CameraInsight,
    InsightsAnswer,
    LabelInsight,
    LabelSeries,
    LeftOut,
    VideoInsight,
    VideosCounted,
)
from api.trends.candidates import Candidates, camera_of
from api.trends.fold import LabelKey, LabelTrend, TrendFold, Wanted
from api.trends.question import InsightsParams
from api.trends.reading import SpanReading
from api.trends.steps import QUARTER, Span, Step, weekday_and_hour
from pipeline.contracts.videos import Video

MOST_LABELS, MOST_SERIES, MOST_VIDEOS = 100, 12, 50

Ranked = Sequence[tuple[LabelKey, LabelTrend]]


class _Counted(NamedTuple):
    """What one question found."""

    fold: TrendFold
    videos: list[Video]
    left_out: LeftOut


def insights(services: Services, caller: Caller, params: InsightsParams) -> InsightsAnswer:
    """What was found in the span; raises StoreUnavailable."""
    span = params.span(datetime.now(UTC))
    step = params.step or span.comfortable_step()
    counted = _count(services, caller, params, span, step)
    return _answer(params, span, step, counted)


def _count(services: Services, caller: Caller, params: InsightsParams, span: Span, step: Step) -> _Counted:
    labels = frozenset(params.label) if params.label else None
    wanted = Wanted(
        params.tasks, span.start.timestamp(), span.end.timestamp(), labels, params.model, params.min_confidence
    )
    fold, reading = TrendFold(wanted, min(step.seconds, QUARTER)), SpanReading(services, span)
    candidates, videos = Candidates(services, caller, params, span), []
    for video in candidates:
        origin = reading.origin(video)
        for digest in reading.digests(video, origin):
            fold.add(video.video_id, origin, digest)
        if video.video_id in fold.videos:
            videos.append(video)
    return _Counted(fold, videos, LeftOut(frames=reading.left_out, videos_before=candidates.before))


def _answer(params: InsightsParams, span: Span, step: Step, counted: _Counted) -> InsightsAnswer:
    ranked = sorted(counted.fold.labels.items(), key=lambda item: (-item[1].detections, item[0]))
    live = sum(video.live for video in counted.videos)
    begins = span.steps(step)
    return InsightsAnswer(
        from_=span.start,
        to=span.end,
        timezone=params.timezone,
        step=step,
        complete=counted.left_out == LeftOut(frames=0, videos_before=None),
        left_out=counted.left_out,
        videos=VideosCounted(counted=len(counted.videos), live=live, files=len(counted.videos) - live),
        detections=counted.fold.videos.total(),
        labels=[_label(key, trend) for key, trend in ranked[:MOST_LABELS]],
        labels_cut=len(ranked) > MOST_LABELS,
        steps=[datetime.fromtimestamp(at, UTC) for at in begins.tolist()],
        over_time=[
            LabelSeries(task=task, label=label, detections=_by_step(trend.slots, begins, counted.fold).tolist())
            for (task, label), trend in ranked[:MOST_SERIES]
        ],
        others=_by_step(_slots(ranked[MOST_SERIES:]), begins, counted.fold).tolist(),
        by_video=_by_video(counted),
        by_video_cut=len(counted.videos) > MOST_VIDEOS,
        by_camera=_by_camera(counted),
        by_weekday_and_hour=_week(ranked, counted.fold, span),
    )


def _label(key: LabelKey, trend: LabelTrend) -> LabelInsight:
    return LabelInsight(
        task=key[0],
        label=key[1],
        detections=trend.detections,
        frames=trend.frames,
        videos=len(trend.videos),
        max_confidence=trend.best,
        first_at=datetime.fromtimestamp(trend.first, UTC),
        last_at=datetime.fromtimestamp(trend.last, UTC),
    )


def _slots(ranked: Ranked) -> Counter[int]:
    total: Counter[int] = Counter()
    for _, trend in ranked:
        total.update(trend.slots)
    return total


def _by_step(slots: Counter[int], begins: NDArray[np.int64], fold: TrendFold) -> NDArray[np.int64]:
    """Detections in each step; every slot lies in one, since steps begin where slots do."""
    at = np.fromiter(slots.keys(), np.int64, len(slots)) * fold.slot_seconds
    places = np.clip(np.searchsorted(begins, at, side="right") - 1, 0, len(begins) - 1)
    found = np.zeros(len(begins), np.int64)
    np.add.at(found, places, np.fromiter(slots.values(), np.int64, len(slots)))
    return found


def _by_video(counted: _Counted) -> list[VideoInsight]:
    known = {video.video_id: video for video in counted.videos}
    return [
        VideoInsight(
            video_id=video_id,
            video_name=known[video_id].video_name,
            camera=camera_of(known[video_id]),
            detections=found,
        )
        for video_id, found in counted.fold.videos.most_common(MOST_VIDEOS)
    ]


def _by_camera(counted: _Counted) -> list[CameraInsight]:
    cameras = [(name, counted.fold.videos[v.video_id]) for v in counted.videos if (name := camera_of(v)) is not None]
    videos = Counter(name for name, _ in cameras)
    found: Counter[str] = Counter()
    for name, detections in cameras:
        found[name] += detections
    return [
        CameraInsight(camera=name, videos=videos[name], detections=detections)
        for name, detections in found.most_common(MOST_VIDEOS)
    ]


def _week(ranked: Ranked, fold: TrendFold, span: Span) -> list[list[int]]:
    week = [[0] * 24 for _ in range(7)]
    for slot, detections in _slots(ranked).items():
        weekday, hour = weekday_and_hour(slot, fold.slot_seconds, span.zone)
        week[weekday][hour] += detections
    return week
