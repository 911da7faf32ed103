"""Owns what is measured: the metrics of every process and the words by which code reports to them.

Where PROMETHEUS_MULTIPROC_DIR names a folder, all processes share their values through it (`metric_files.py`) and
the API serves them together; elsewhere they stay in their process. Values of labels are few and known beforehand.
docs/operations.md says what each metric means.
"""

import logging
import os

from prometheus_client import Counter, Gauge, Histogram, values

from pipeline.contracts.videos import VideoStatus
from pipeline.observing.metric_files import VARIABLE, process_name

SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
MODEL_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
SIZES = (1, 2, 4, 8, 16, 32, 64)


def _value_class() -> type:
    """Values in this process's files; in its memory where there is no folder, or none that can be written."""
    if not os.environ.get(VARIABLE):
        return values.MutexValue
    try:
        shared: type = values.MultiProcessValue(process_name)
    except OSError as e:
        logging.getLogger(__name__).warning("the metrics of this process are not shared: %s", e)
        return values.MutexValue
    return shared


values.ValueClass = _value_class()

REQUESTS = Counter("framewise_http_requests", "Requests answered", ["operation", "method", "status"])
REQUEST_SECONDS = Histogram("framewise_http_request_seconds", "Until an answer begins", ["operation"], buckets=SECONDS)
FRAMES = Counter("framewise_frames", "Frames by what became of them", ["stage"])
VIDEOS = Counter("framewise_videos_ended", "Videos by how they ended", ["status"])
FAILURES = Counter("framewise_failures", "Failures by kind of problem", ["kind"])
RETRIES = Counter("framewise_store_retries", "Repeated tries of a store by why", ["kind"])
DEAD_LETTERS = Counter("framewise_dead_letters", "Records set aside")
MODEL_BATCH_SECONDS = Histogram("framewise_model_batch_seconds", "A model's batch", ["model"], buckets=MODEL_SECONDS)
MODEL_BATCH_SIZE = Histogram("framewise_model_batch_pictures", "Pictures of a model's batch", ["model"], buckets=SIZES)
BATCH_SECONDS = Histogram("framewise_micro_batch_seconds", "A micro-batch", buckets=(*SECONDS, 60.0, 120.0))
BATCH_RECORDS = Counter("framewise_micro_batch_records", "Records of micro-batches")
PHASE_SECONDS = Histogram("framewise_spark_phase_seconds", "A phase of a micro-batch", ["phase"], buckets=SECONDS)
EVENT_STREAMS = Gauge("framewise_event_streams", "Clients that listen to events", multiprocess_mode="livesum")
WORKERS = Gauge("framewise_workers", "Workers by state", ["state"], multiprocess_mode="livemostrecent")
LIVE_BUSY = Counter("framewise_live_busy_seconds", "Time in which live workers analysed")
EDGE_PICTURES = Counter("framewise_edge_pictures", "Pictures from the edge by what became of them", ["outcome"])
WEBHOOKS = Counter("framewise_webhook_deliveries", "Webhooks by what came of them", ["outcome"])
MEMORY = Gauge("framewise_process_memory_bytes", "Resident memory", ["service"], multiprocess_mode="liveall")
CPU = Gauge("framewise_process_cpu_seconds", "Processor time since start", ["service"], multiprocess_mode="liveall")
GPU_USE = Gauge("framewise_gpu_use_ratio", "Share of time in use", ["gpu"], multiprocess_mode="livemostrecent")
GPU_MEMORY = Gauge("framewise_gpu_memory_bytes", "Memory in use", ["gpu"], multiprocess_mode="livemostrecent")


def request(operation: str, method: str, status: int, seconds: float) -> None:
    """A request was answered."""
    REQUESTS.labels(operation, method, str(status)).inc()
    REQUEST_SECONDS.labels(operation).observe(seconds)


def frames(stage: str, count: int = 1) -> None:
    """Frames were `published`, `done`, `failed`, `dropped` or `skipped`."""
    FRAMES.labels(stage).inc(count)


def video_moved(status: VideoStatus) -> None:
    """A video has moved to a state; those that are its last are counted."""
    if status.terminal:
        VIDEOS.labels(status.value).inc()


def failure(kind: str) -> None:
    """Something failed; `kind` is the `type` of a problem, never its text."""
    FAILURES.labels(kind).inc()


def retry(kind: str) -> None:
    """A store is tried again because of a problem of this type."""
    RETRIES.labels(kind).inc()


def dead_letters(count: int) -> None:
    """Records were set aside."""
    DEAD_LETTERS.inc(count)


def model_batch(model: str, pictures: int, seconds: float) -> None:
    """A model has answered for some pictures."""
    MODEL_BATCH_SECONDS.labels(model).observe(seconds)
    MODEL_BATCH_SIZE.labels(model).observe(pictures)


def micro_batch(records: int, seconds: float) -> None:
    """A micro-batch has been analysed and kept."""
    BATCH_RECORDS.inc(records)
    BATCH_SECONDS.observe(seconds)


def spark_phases(milliseconds: dict[str, int]) -> None:
    """How long Spark took for each phase of a micro-batch (`durationMs` of its progress)."""
    for phase, value in milliseconds.items():
        PHASE_SECONDS.labels(phase).observe(value / 1000)


def workforce(wanted: int, working: int, live: int) -> None:
    """So many workers are wanted, at work, and at work on live frames."""
    for state, count in (("wanted", wanted), ("working", working), ("live", live)):
        WORKERS.labels(state).set(count)


def live_busy(seconds: float) -> None:
    """A live worker has analysed for so long."""
    LIVE_BUSY.inc(seconds)


def edge_picture(outcome: str) -> None:
    """A picture from the edge was `stored`, `repeated`, or `set-aside` because it is none."""
    EDGE_PICTURES.labels(outcome).inc()


def webhook(outcome: str) -> None:
    """What a try to deliver a webhook made of it: `delivered`, `failed` for good, or `pending` until the next."""
    WEBHOOKS.labels(outcome).inc()
