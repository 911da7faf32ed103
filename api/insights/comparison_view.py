"""Owns how a comparison is shown."""

from uuid import UUID

from api.insights.answers import (
    ComparedModel,
    ComparedSide,
    ComparisonAnswer,
    FrameSpan,
    FramesWith,
    LabelComparison,
    TaskComparison,
)
from api.insights.comparison import ComparisonFold, LabelChange, SideFold, TaskFold, paired
from api.insights.frame_ranges import FrameRanges
from api.services import Services
from pipeline.contracts.videos import SourceKind, Video
from pipeline.digests.making import Reading

MOST_LABELS = 200
MOST_PARENTS = 20
DIGITS = 6


def compare(services: Services, a: Video, b: Video) -> ComparisonAnswer:
    """What changed from one video to the other, as they are now."""
    fold = ComparisonFold((task.name for task in a.tasks), (task.name for task in b.tasks))
    readings = [Reading(services.results, services.digests, services.digest_cache, v.video_id) for v in (a, b)]
    for one, other in paired(*map(iter, readings)):
        fold.add(one, other)
    left_out = sum(reading.left_out for reading in readings)
    return ComparisonAnswer(
        a=a.video_id,
        b=b.video_id,
        same_source=same_source(services, a, b),
        complete=a.status.terminal and b.status.terminal and not left_out,
        left_out=left_out,
        tasks=[_task(a, b, found) for found in fold.tasks.values()],
    )


def same_source(services: Services, a: Video, b: Video) -> bool:
    """Whether both are of one family, of one address, or made from the same bytes."""
    if _root(services, a) == _root(services, b):
        return True
    if a.source is b.source is SourceKind.URL and a.source_url == b.source_url:
        return True
    sums = [services.videos.progress(video.video_id).sha256 for video in (a, b)]
    return sums[0] is not None and sums[0] == sums[1]


def _root(services: Services, video: Video) -> UUID:
    """The first of the videos of which this is a re-analysis, as far as they are known still."""
    root = video.video_id
    for _ in range(MOST_PARENTS):
        if (parent := video.parent_id) is None:
            return root
        root = parent
        known = services.videos.get(parent)
        if known is None:
            return root
        video = known
    return root


def _task(a: Video, b: Video, fold: TaskFold) -> TaskComparison:
    changed = sorted(fold.labels.items(), key=lambda item: (-item[1].changes, item[0]))
    return TaskComparison(
        task=fold.task,
        a=_side(a, fold, fold.a),
        b=_side(b, fold, fold.b),
        compared_frames=fold.compared,
        labels=[_label(label, change) for label, change in changed[:MOST_LABELS]],
        labels_cut=len(changed) > MOST_LABELS,
    )


def _side(video: Video, fold: TaskFold, side: SideFold) -> ComparedSide:
    asked = next((task for task in video.tasks if task.name is fold.task), None)
    return ComparedSide(
        asked=asked is not None,
        min_confidence=asked.min_confidence if asked else None,
        models=[ComparedModel(model=t.model, model_digest=t.model_digest) for t in sorted(side.tracks)],
        frames=side.frames,
    )


def _label(label: str, change: LabelChange) -> LabelComparison:
    both = change.in_both.frames
    return LabelComparison(
        label=label,
        in_both=_frames(change.in_both),
        only_in_a=_frames(change.only_in_a),
        only_in_b=_frames(change.only_in_b),
        detections_a=change.detections_a,
        detections_b=change.detections_b,
        more_in_a=change.more_in_a,
        more_in_b=change.more_in_b,
        mean_confidence_change=round(change.confidence_change / both, DIGITS) if both else None,
    )


def _frames(found: FrameRanges) -> FramesWith:
    spans = [FrameSpan(from_=first, to=last, frames=frames) for first, last, frames in found.ranges]
    return FramesWith(frames=found.frames, ranges=spans, ranges_cut=found.cut)
