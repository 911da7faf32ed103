"""Each process says what it uses; of GPUs what the driver says, and nothing where there is none."""

import sys
import time
from types import ModuleType, SimpleNamespace

import pytest
from prometheus_client import REGISTRY

from pipeline.observing import usage


class NVMLError(Exception):
    """As nvidia-ml-py's."""


def driver(**answers: object) -> ModuleType:
    """A stand-in for nvidia-ml-py with two GPUs."""
    module = ModuleType("pynvml")
    module.__dict__.update(
        NVMLError=NVMLError,
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetUtilizationRates=lambda handle: SimpleNamespace(gpu=25 * (handle + 1)),
        nvmlDeviceGetMemoryInfo=lambda handle: SimpleNamespace(used=1000 + handle),
        **answers,
    )
    return module


def value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


def test_memory_and_time_are_this_process() -> None:
    usage.report_usage("usage-test")
    until = time.monotonic() + 10
    while not value("framewise_process_memory_bytes", service="usage-test") and time.monotonic() < until:
        time.sleep(0.01)
    assert (value("framewise_process_memory_bytes", service="usage-test") or 0) > 10 * 2**20
    assert (value("framewise_process_cpu_seconds", service="usage-test") or 0) > 0


def test_gpus_are_reported_as_the_driver_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", driver())
    for index, handle in usage.gpus():
        usage.report_gpu(index, handle)
    assert [value("framewise_gpu_use_ratio", gpu=index) for index in "01"] == [0.25, 0.5]
    assert [value("framewise_gpu_memory_bytes", gpu=index) for index in "01"] == [1000, 1001]


def test_without_a_driver_or_its_package_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise NVMLError("Driver Not Loaded")

    away = driver()
    away.__dict__["nvmlInit"] = broken
    for module in (away, None):
        monkeypatch.setitem(sys.modules, "pynvml", module)
        assert usage.gpus() == []


def test_a_gpu_that_stops_answering_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def lost(handle: object) -> None:
        raise NVMLError("GPU is lost")

    module = driver()
    module.__dict__["nvmlDeviceGetUtilizationRates"] = lost
    monkeypatch.setitem(sys.modules, "pynvml", module)
    usage.report_gpu("0", 0)
    assert "GPU is lost" in caplog.text
