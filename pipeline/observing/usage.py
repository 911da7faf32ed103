"""Owns what each process says of itself every few seconds: memory, processor time, and the GPUs that it may use."""

import logging
import threading
import time
from typing import Any

import psutil

from pipeline.observing import metrics

PAUSE_SECONDS = 5.0

log = logging.getLogger(__name__)


def report_usage(service: str, gpu: bool = False) -> None:
    """Report from a thread of its own for the life of this process."""
    threading.Thread(target=_report, args=(service, gpu), name="usage", daemon=True).start()


def _report(service: str, gpu: bool) -> None:
    process = psutil.Process()
    found = gpus() if gpu else []
    while True:
        times = process.cpu_times()
        metrics.MEMORY.labels(service).set(process.memory_info().rss)
        metrics.CPU.labels(service).set(times.user + times.system)
        for index, handle in found:
            report_gpu(index, handle)
        time.sleep(PAUSE_SECONDS)


def gpus() -> list[tuple[str, Any]]:
    """Index and handle of each GPU; none where there is no driver or no nvidia-ml-py."""
    try:
        import pynvml

        pynvml.nvmlInit()
        return [(str(i), pynvml.nvmlDeviceGetHandleByIndex(i)) for i in range(pynvml.nvmlDeviceGetCount())]
    except ImportError:
        log.info("no GPU metrics: nvidia-ml-py is not installed")
    except pynvml.NVMLError as e:
        log.info("no GPU metrics: %s", e)
    return []


def report_gpu(index: str, handle: Any) -> None:
    """Report one; a GPU that does not answer is a line in the log."""
    import pynvml

    try:
        metrics.GPU_USE.labels(index).set(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100)
        metrics.GPU_MEMORY.labels(index).set(pynvml.nvmlDeviceGetMemoryInfo(handle).used)
    except pynvml.NVMLError as e:
        log.warning("GPU %s does not say how it is used: %s", index, e)
