"""Owns the trial of the queue: a thousand submissions of two keys; their waits as promised and as they were.

    ./run.sh                                        # or name the servers with FRAMEWISE_… settings
    .venv/bin/python -m benchmarks.queue [--videos 1000] [--rate 60] [--seconds 600]

The service is a process of its own; ingest's worker, speedometer and sweeper run here, over the real stores, in a
keyspace and topics that go at the end. Clips have 2 to 12 frames, decoding costs nothing, and outcomes are stored at
`--rate` frames a second, so that the queue alone is tried.
"""

import argparse
import os
import queue
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
import psutil

from api.keys import commands
from benchmarks.pages import Memory, keyspace, service
from ingest.decode.messages import DecodeRequest, Finished, Message, Probe, SampledFrame
from ingest.halt import Halt
from ingest.job import Workbench
from ingest.speedometer import Speedometer
from ingest.sweeper import Sweeper
from ingest.worker import Worker
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.keys import CassandraKeyStore
from pipeline.cassandra.queue import CassandraSpeedStore
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.completion import complete_if_full
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import AnalyzedFrame, FrameResult, ResultStatus
from pipeline.contracts.settings import IngestSettings
from pipeline.kafka.publishing import Acknowledged, InMemoryPublisher
from pipeline.stores.keys import Scope
from pipeline.stores.sources import SourceFolder

WATCHED = 20
ASK_SECONDS = 5.0
BATCH_SECONDS = 0.5
LONG_SECONDS = 60.0
SURE_SECONDS = 10.0
"""Of shorter waits, half is less than the seconds between two looks."""
MIB = 2**20


class Analysis(InMemoryPublisher):
    """Takes published frames and stores their outcomes, so many a second."""

    def __init__(self, videos: CassandraVideoStore, results: CassandraResultStore, rate: float) -> None:
        super().__init__()
        self._videos = videos
        self._results = results
        self._at_once = max(1, round(rate * BATCH_SECONDS))
        self._waiting: queue.Queue[Frame] = queue.Queue(100_000)
        self.ended = threading.Event()

    def frame(self, frame: Frame, acknowledged: Acknowledged) -> None:
        """Take it."""
        self._waiting.put(frame)
        acknowledged(None)

    def run(self) -> None:
        """Store outcomes until the end."""
        due = time.monotonic()
        while not self.ended.wait(max(0.0, due - time.monotonic())):
            due = max(due + BATCH_SECONDS, time.monotonic())
            frames = [self._waiting.get() for _ in range(min(self._at_once, self._waiting.qsize()))]
            known = {video_id: self._videos.get(video_id) for video_id in {frame.video_id for frame in frames}}
            stamps = {video_id: video.attempt_timestamp for video_id, video in known.items() if video is not None}
            self._results.save([_outcome(frame) for frame in frames if frame.video_id in stamps], stamps)
            for video_id in stamps:
                complete_if_full(self._videos, self._results, video_id)


def _outcome(frame: Frame) -> AnalyzedFrame:
    now = datetime.now(UTC)
    results = tuple(FrameResult(t.name, "none", "00" * 32, ResultStatus.OK, None, 1.0, ()) for t in frame.tasks)
    return AnalyzedFrame(
        frame.video_id, frame.attempt, frame.frame_number, frame.media_time, None, "trial", now, now, None, results
    )


class Fetched:
    """A fetcher that brings one byte."""

    def fetch(self, url: str, path: Path, halt: Halt) -> str:
        """As if it were a video."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        return "00" * 32


@contextmanager
def decoded(request: DecodeRequest, path: Path, stall: float, halt: Halt) -> Iterator[Iterator[Message]]:
    """The messages of a clip with 2 to 12 frames, by the id in its path."""
    frames = 2 + UUID(path.parent.name).int % 11

    def messages() -> Iterator[Message]:
        yield Probe("mov", "h264", 0, 64, 48, frames / 10, 10.0)
        for number in range(1, frames + 1):
            yield SampledFrame(number, (number - 1) / 10, 64, 48, b"jpeg")
        yield Finished(frames, frames, frames, frames / 10, [])

    yield messages()


@contextmanager
def ingest(client: CassandraClient, folder: Path, rate: float) -> Iterator[None]:
    """Ingest's threads, and the analysis."""
    videos, results = CassandraVideoStore(client), CassandraResultStore(client)
    analysis = Analysis(videos, results, rate)
    sources = SourceFolder(folder / "sources")
    worker = Worker(Workbench(videos, results, analysis, sources, Fetched(), IngestSettings(), decoded), "trial")
    sweeper = Sweeper(videos, results, sources, 600)
    meter = Speedometer(videos, results, CassandraSpeedStore(client), "trial")
    threads = [threading.Thread(target=part.run, daemon=True) for part in (analysis, worker, sweeper, meter)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        sweeper.stop()
        meter.stop()
        worker.stop(10)
        analysis.ended.set()
        for thread in threads:
            thread.join(10)


@dataclass(frozen=True, slots=True)
class Promise:
    """What was said of a video's wait, and when."""

    video_id: str
    at: datetime
    position: int
    eta: float | None


def submit(http: httpx.Client, key: str, videos: int) -> list[str]:
    """The ids of so many submissions, eight at a time."""

    def one(number: int) -> str:
        body = {"videoURL": f"https://example.com/{number}.mp4", "modelsToRun": ["color_detection"]}
        answer = http.post("/analysis/start", json=body, headers={"X-API-Key": key})
        return str(answer.raise_for_status().json()["video_id"])

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, range(videos)))


def watch(http: httpx.Client, video_ids: list[str], seconds: float) -> tuple[list[Promise], list[float]]:
    """What is said of these videos until all have ended, and how long each answer took, in ms."""
    promises: list[Promise] = []
    taken: list[float] = []
    left = set(video_ids)
    deadline = time.monotonic() + seconds
    while left and time.monotonic() < deadline:
        for video_id in sorted(left):
            began = time.perf_counter()
            video = http.get(f"/analysis/{video_id}").raise_for_status().json()
            taken.append((time.perf_counter() - began) * 1000)
            if video["position"] is not None:
                promises.append(Promise(video_id, datetime.now(UTC), video["position"], video["eta_seconds"]))
            if video["finished_at"] is not None:
                left.discard(video_id)
        time.sleep(ASK_SECONDS)
    return promises, taken


def judge(promises: list[Promise], ends: dict[str, datetime]) -> float:
    """Print promise against truth; the share of long promises that were off by half or less."""
    print("\n  position   said s   true s   ratio")
    ratios: list[tuple[float, float]] = []
    for place, promise in enumerate(promises):
        if promise.eta is None or promise.video_id not in ends:
            continue
        truth = (ends[promise.video_id] - promise.at).total_seconds()
        if truth < SURE_SECONDS:
            continue
        ratios.append((truth, promise.eta / truth))
        if place % max(1, len(promises) // 25) == 0:
            print(f"  {promise.position:8} {promise.eta:8.0f} {truth:8.0f} {ratios[-1][1]:7.2f}")
    if not ratios:
        return 0.0
    within = 0.0
    for seconds in (SURE_SECONDS, LONG_SECONDS):
        some = [ratio for truth, ratio in ratios if truth >= seconds] or [0.0]
        within = sum(0.5 <= ratio <= 1.5 for ratio in some) / len(some)
        print(f"{len(some)} promises of waits over {seconds:.0f} s: {within:.1%} off by half or less; ", end="")
        print(f"ratio {min(some):.2f} to {max(some):.2f}, median {statistics.median(some):.2f}")
    return within


def fairness(videos: list[dict[str, str]], keys: dict[str, str]) -> None:
    """Print in which order the keys' videos were begun."""
    begun = [keys[v["video_id"]] for v in sorted((v for v in videos if v["started_at"]), key=lambda v: v["started_at"])]
    few = min(Counter(keys.values()).values())
    first = begun[: 2 * few]
    worst = max(abs(2 * first[:n].count("b") - n) for n in range(1, len(first) + 1))
    print(f"of the first {len(first)} begun, key a (submitted before b) had {first.count('a')}, b {first.count('b')}; ")
    print(f"the one was never more than {worst} ahead of the other")


def main() -> int:
    """Try and print; 1 when a twentieth of the promises was off by more than half."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queue")
    parser.add_argument("--videos", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=60.0, help="frames a second that the analysis stores, at most")
    parser.add_argument("--seconds", type=float, default=600.0, help="until the trial is ended")
    options = parser.parse_args()
    print(f"load average before: {', '.join(f'{load:.1f}' for load in os.getloadavg())}; {os.cpu_count()} cores")
    os.environ["FRAMEWISE_API_KEYS"] = "required"
    with tempfile.TemporaryDirectory() as name, keyspace() as client:
        folder = Path(name)
        store = CassandraKeyStore(client)
        one, two, admin = (
            commands.create(store, name, scopes)
            for name, scopes in (("a", [Scope.SUBMIT]), ("b", [Scope.SUBMIT]), ("admin", [Scope.ADMIN]))
        )
        with service(client.settings, folder) as (http, process), Memory(process) as memory:
            return _try(http, client, folder, options, (one, two, admin), memory)


def _try(
    http: httpx.Client,
    client: CassandraClient,
    folder: Path,
    options: argparse.Namespace,
    keys: tuple[str, str, str],
    memory: Memory,
) -> int:
    began = time.perf_counter()
    ids = dict.fromkeys(submit(http, keys[0], options.videos * 4 // 5), "a")
    ids |= dict.fromkeys(submit(http, keys[1], options.videos // 5), "b")
    print(f"{len(ids)} submitted in {time.perf_counter() - began:.1f} s")
    http.headers["X-API-Key"] = keys[2]
    watched = list(ids)[:: max(1, len(ids) // WATCHED)]
    _, taken = watch(http, watched, 0.1)
    _latency("while all wait", taken + watch(http, watched, 0.1)[1])
    before, used = memory.now(), memory.samples
    with ingest(client, folder, options.rate), Memory(psutil.Process()) as own:
        began = time.perf_counter()
        promises, taken = watch(http, watched, options.seconds)
        print(f"watched for {time.perf_counter() - began:.0f} s")
    _latency("while it is worked through", taken)
    videos = [http.get(f"/analysis/{video_id}").json() for video_id in ids]
    ends = {v["video_id"]: datetime.fromisoformat(v["finished_at"]) for v in videos if v["finished_at"]}
    print(f"{len(ends)} ended, {Counter(v['status'] for v in videos)}")
    within = judge(promises, ends)
    fairness(videos, ids)
    print(f"memory of the service: {before / MIB:.0f} MiB with all queued, {max(used) / MIB:.0f} at most; ", end="")
    print(f"of ingest here: {own.samples[0] / MIB:.0f} at first, {max(own.samples) / MIB:.0f} MiB at most")
    return 0 if within >= 0.95 else 1


def _latency(when: str, taken: list[float]) -> None:
    print(
        f"a GET {when}: median {statistics.median(taken):.0f} ms, 95 % {statistics.quantiles(taken, n=20)[-1]:.0f} ms"
    )


if __name__ == "__main__":
    sys.exit(main())
