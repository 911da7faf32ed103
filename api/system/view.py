"""Owns the answer of how the whole system does: asks everybody at once, and whoever does not answer is left out."""

from collections.abc import Mapping
from datetime import UTC, datetime

from api.measuring import Values
from api.readiness import Outcome
from api.services import Services
from api.system import facts
from api.system.advice import Facts, advice, worst
from api.system.answers import QueueAnswer, ServerAnswer, SystemAnswer, TopicAnswer
from api.system.window import Window
from pipeline.contracts.videos import VideoStatus

GROWN = ("framewise_dead_letters_total", "framewise_store_retries_total")


def system_answer(services: Services, checks: Mapping[str, Outcome], asked: Mapping[str, Values]) -> SystemAnswer:
    """How it does, by what the checks and the questions of the metrics said."""
    window = services.system.window()
    servers = [ServerAnswer(name=name, ok=ok, detail=detail) for name, (ok, detail) in checks.items()]
    known = Facts(
        tuple(servers),
        facts.disk(services.sources_dir),
        sum(asked.get("framewise_topic_waiting_records", {}).values()),
        window.seconds,
        {one.stage: one.frames_per_second for one in facts.stages(window)},
        {name: sum(more for _, more in window.grown(name)) for name in GROWN},
    )
    found = advice(known)
    return SystemAnswer(
        at=datetime.now(UTC),
        level=worst(found),
        window_seconds=window.seconds if window.known else None,
        advice=found,
        servers=servers,
        queue=_queue(asked),
        topics=_topics(asked),
        lag_seconds=_lag(known, window, asked),
        stages=facts.stages(window),
        workforce=facts.workforce(window),
        workers=facts.workers(window),
        models=facts.models(window),
        processes=facts.processes(window),
        gpus=facts.gpus(window),
        disk=known.disk,
    )


def _queue(asked: Mapping[str, Values]) -> QueueAnswer:
    counts = asked.get("framewise_videos_open", {})
    pending, processing = (counts.get(status) for status in (VideoStatus.PENDING, VideoStatus.PROCESSING))
    return QueueAnswer(
        pending=None if pending is None else int(pending),
        processing=None if processing is None else int(processing),
    )


def _topics(asked: Mapping[str, Values]) -> list[TopicAnswer]:
    waiting, sizes = (asked.get(f"framewise_topic_{name}", {}) for name in ("waiting_records", "bytes"))
    return [
        TopicAnswer(
            topic=topic,
            waiting=int(waiting[topic]) if topic in waiting else None,
            bytes=int(sizes[topic]) if topic in sizes else None,
        )
        for topic in sorted({*waiting, *sizes})
    ]


def _lag(known: Facts, window: Window, asked: Mapping[str, Values]) -> float | None:
    return known.lag_seconds if window.known and "framewise_topic_waiting_records" in asked else None
