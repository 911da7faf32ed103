"""Owns what is measured of the system at a moment, gathered from a window of counts and from what the servers say."""

import shutil
from collections import defaultdict
from pathlib import Path

from pydantic import ValidationError

from api.system.answers import (
    DiskAnswer,
    GpuAnswer,
    ModelSpeedAnswer,
    ProcessesAnswer,
    StageAnswer,
    WorkerAnswer,
    WorkforceAnswer,
)
from api.system.window import Window, quantile

ANALYSED = frozenset({"done", "failed"})
FRAMES = "framewise_frames_total"
SECONDS, PICTURES = "framewise_model_batch_seconds", "framewise_model_batch_pictures"
MEMORY, CPU = "framewise_process_memory_bytes", "framewise_process_cpu_seconds"
WORKERS = "framewise_workers"
GPU_USE, GPU_MEMORY = "framewise_gpu_use_ratio", "framewise_gpu_memory_bytes"


def stages(window: Window) -> list[StageAnswer]:
    """Frames a second by what became of them."""
    if not window.known:
        return []
    found = window.by_label(FRAMES, "stage")
    return [StageAnswer(stage=stage, frames_per_second=n / window.seconds) for stage, n in sorted(found.items())]


def workforce(window: Window) -> WorkforceAnswer | None:
    """How many workers are wanted and at work."""
    found = {counted.label("state"): int(value) for counted, value in window.living(WORKERS).items()}
    try:
        return WorkforceAnswer.model_validate(found)
    except ValidationError:  # the analysis has not said all of it yet
        return None


def workers(window: Window) -> list[WorkerAnswer]:
    """Frames a second by worker."""
    if not window.known:
        return []
    found = window.by_process(FRAMES, "stage", ANALYSED)
    return [WorkerAnswer(worker=name, frames_per_second=n / window.seconds) for name, n in sorted(found.items())]


def models(window: Window) -> list[ModelSpeedAnswer]:
    """How fast each model was."""
    if not window.known:
        return []
    seconds = window.by_label(f"{SECONDS}_sum", "model")
    return [_model(window, name, spent) for name, spent in sorted(seconds.items())]


def _model(window: Window, name: str, spent: float) -> ModelSpeedAnswer:
    pictures = window.by_label(f"{PICTURES}_sum", "model").get(name, 0.0)
    p95 = quantile(window.buckets(SECONDS, "model", name), 0.95)
    return ModelSpeedAnswer(
        model=name,
        pictures_per_second=pictures / window.seconds,
        mean_ms=1000 * spent / pictures if pictures else None,
        batch_p95_ms=None if p95 is None else 1000 * p95,
    )


def processes(window: Window) -> list[ProcessesAnswer]:
    """Memory and processors of each service."""
    memory: defaultdict[str, list[float]] = defaultdict(list)
    for counted, value in window.living(MEMORY).items():
        memory[counted.label("service")].append(value)
    used: defaultdict[str, float] = defaultdict(float)
    for counted, more in window.grown(CPU):
        if counted in window.after and counted in window.before:
            used[counted.label("service")] += max(0.0, more)
    return [
        ProcessesAnswer(
            service=service,
            processes=len(values),
            memory_bytes=int(sum(values)),
            processors=used[service] / window.seconds if window.known else None,
        )
        for service, values in sorted(memory.items())
    ]


def gpus(window: Window) -> list[GpuAnswer]:
    """The GPUs."""
    memory = {counted.label("gpu"): value for counted, value in window.living(GPU_MEMORY).items()}
    found = {counted.label("gpu"): value for counted, value in window.living(GPU_USE).items()}
    return [GpuAnswer(gpu=g, use=use, memory_bytes=int(memory.get(g, 0))) for g, use in sorted(found.items())]


def disk(folder: Path) -> DiskAnswer | None:
    """The disk that a folder is on."""
    try:
        usage = shutil.disk_usage(next(p for p in (folder, *folder.parents) if p.exists()))
    except OSError:
        return None
    return DiskAnswer(free_bytes=usage.free, total_bytes=usage.total)
