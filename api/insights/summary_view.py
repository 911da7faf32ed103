"""Owns how a summary is shown."""

from api.insights.answers import (
    ColorSummary,
    EmotionsSummary,
    EmotionStep,
    FramesSummarised,
    LabelSummary,
    ModelSummary,
    SegmentAnswer,
    SummaryAnswer,
    TaskSummary,
)
from api.insights.question import Question
from api.insights.segments import Segment
from api.insights.summary import Emotions, LabelFold, SummaryFold
from api.services import Services
from pipeline.contracts.results import TaskName
from pipeline.contracts.videos import SourceProgress, Video
from pipeline.digests.making import Reading
from pipeline.stores.results import BucketSummary

MOST_LABELS = 200
MOST_COLORS = 12
LEAST_GAP = 2.0
INTERVALS = 1.5
"""So many sampling intervals are no gap."""
DIGITS = 6


def summarise(services: Services, video: Video, question: Question, gap: float | None) -> SummaryAnswer:
    """The summary of a video, as it is now."""
    stored = services.results.summaries(video.video_id)
    interval = sampling_interval(video, services.videos.progress(video.video_id), stored)
    tolerance = max(LEAST_GAP, INTERVALS * interval) if gap is None else gap
    reading = Reading(services.results, services.digests, services.digest_cache, video.video_id)
    fold = SummaryFold(question, tolerance, *_span(question, stored), interval)
    for digest in reading.within(question.time_from, question.time_to):
        fold.add(digest)
    return SummaryAnswer(
        video_id=video.video_id,
        complete=video.status.terminal and not reading.left_out,
        gap_seconds=tolerance,
        interval_seconds=round(interval, DIGITS),
        frames=FramesSummarised(stored=sum(s.count.total for s in stored), left_out=reading.left_out),
        tasks=[_task(fold, task, interval) for task in TaskName if any(t.task is task for t in fold.tracks)],
        emotions=_emotions(fold.emotions),
        colors=_colors(fold),
    )


def sampling_interval(video: Video, progress: SourceProgress, stored: list[BucketSummary]) -> float:
    """Seconds from one sampled frame to the next: as asked for where that tells, else as measured."""
    sampling, fps = video.sampling, progress.fps
    if sampling.sample_seconds:
        return sampling.sample_seconds
    if fps:
        return (sampling.frame_step or 1) / fps / (sampling.frame_ratio or 1)
    start, end = _span(Question(), stored)
    return (end - start) / max(1, sum(s.count.total for s in stored) - 1)


def _span(question: Question, stored: list[BucketSummary]) -> tuple[float, float]:
    first = min((s.first_media_time for s in stored if s.first_media_time is not None), default=0.0)
    last = max((s.last_media_time for s in stored if s.last_media_time is not None), default=0.0)
    start = first if question.time_from is None else max(first, question.time_from)
    end = last if question.time_to is None else min(last, question.time_to)
    return start, max(start, end)


def _task(fold: SummaryFold, task: TaskName, interval: float) -> TaskSummary:
    labels = [(label, found) for (of, label), found in fold.labels.items() if of is task]
    labels.sort(key=lambda item: (-item[1].frames, item[0]))
    return TaskSummary(
        task=task,
        frames=fold.frames(task),
        models=[
            ModelSummary(model=t.model, model_digest=t.model_digest, frames=f.frames, failed=f.failed)
            for t, f in sorted(fold.tracks.items())
            if t.task is task
        ],
        labels=[_label(label, found, interval) for label, found in labels[:MOST_LABELS]],
        labels_cut=len(labels) > MOST_LABELS,
    )


def _label(label: str, found: LabelFold, interval: float) -> LabelSummary:
    return LabelSummary(
        label=label,
        frames=found.frames,
        detections=found.detections,
        first_media_time=found.first,
        last_media_time=found.last,
        max_confidence=found.best,
        best_frame=found.best_frame,
        best_media_time=found.best_time,
        mean_confidence=round(found.total / found.detections, DIGITS),
        most_at_once=found.most_at_once,
        dwell_seconds=round(found.segments.dwell(interval), DIGITS),
        segments=[_segment(segment) for segment in found.segments.kept],
        segments_total=found.segments.count,
        segments_cut=found.segments.count > len(found.segments.kept),
    )


def _segment(segment: Segment) -> SegmentAnswer:
    return SegmentAnswer(
        from_=segment.first_time,
        to=segment.last_time,
        frame_from=segment.first_frame,
        frame_to=segment.last_frame,
        frames=segment.frames,
        max_confidence=segment.best,
    )


def _emotions(emotions: Emotions) -> EmotionsSummary:
    steps = []
    for place, faces in sorted(emotions.steps.items()):
        start = emotions.start + place * emotions.seconds
        shares = {label: round(count / faces.total(), DIGITS) for label, count in sorted(faces.items())}
        steps.append(EmotionStep(from_=start, to=start + emotions.seconds, faces=faces.total(), shares=shares))
    return EmotionsSummary(step_seconds=emotions.seconds, steps=steps)


def _colors(fold: SummaryFold) -> list[ColorSummary]:
    frames = max(1, fold.frames(TaskName.COLORS))
    main = sorted(fold.colors.items(), key=lambda item: (-item[1].shares, item[0]))[:MOST_COLORS]
    return [
        ColorSummary(color=color, share=min(1.0, round(found.shares / frames, DIGITS)), frames=found.frames)
        for color, found in main
    ]
