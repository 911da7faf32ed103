"""Owns the benchmark of reading: pages at every depth under load, then summary, search, comparison and each export.

    ./run.sh                                        # or name the servers with FRAMEWISE_… settings
    .venv/bin/python -m benchmarks.pages [--frames 100000] [--rate 20] [--seconds 60]

Writes a video of so many frames straight into the stores of the running servers, in a keyspace and topics of its own
that go at the end, starts a service of its own on it and asks. Three rows a frame: objects, faces, colours.
"""

import argparse
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import psutil
from kafka import KafkaAdminClient

from api.cursors import encode
from benchmarks.results_film import Film
from ingest.indexer import Indexed, Indexer
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.digests import CassandraDigestStore
from pipeline.cassandra.migrations import migrate
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.search import CassandraSearchIndex
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.settings import ROOT, ApiSettings, CassandraSettings, KafkaSettings
from pipeline.kafka.topics import create_topics

DEPTHS = {"first page": 0.0, "1 %": 0.01, "50 %": 0.5, "99 %": 0.99}
LIMIT_MS = 100.0
START_SECONDS = 60.0
SAMPLE_SECONDS = 0.5
MIB = 2**20


@dataclass
class Memory:
    """The resident memory of a process over time, in bytes, sampled in a thread."""

    process: psutil.Process
    samples: list[int] = field(default_factory=list)
    _end: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Memory":
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._end.wait(SAMPLE_SECONDS):
            self.samples.append(self.process.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def cpu(self) -> float:
        """Seconds of CPU that it has used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def now(self) -> int:
        """Bytes at this moment."""
        return int(self.process.memory_info().rss)


@contextmanager
def keyspace(kept: str | None = None) -> Iterator[CassandraClient]:
    """A keyspace, and topics with its name as prefix, on the servers that run; gone at the end unless it is kept."""
    settings = CassandraSettings(keyspace=kept or f"bench_{uuid4().hex[:8]}")
    kafka = KafkaSettings(topic_prefix=f"{settings.keyspace}-")
    migrate(settings)
    create_topics(kafka)
    client = CassandraClient(settings)
    try:
        yield client
    finally:
        if kept is None:
            client.session.execute(f"DROP KEYSPACE {settings.keyspace}", timeout=120)
        client.close()
        admin = KafkaAdminClient(bootstrap_servers=kafka.kafka_bootstrap)
        admin.delete_topics([topic for topic in admin.list_topics() if topic.startswith(kafka.topic_prefix)])
        admin.close()


@contextmanager
def service(settings: CassandraSettings, folder: Path) -> Iterator[tuple[httpx.Client, psutil.Process]]:
    """The service on this keyspace, at FRAMEWISE_API_PORT."""
    environment = os.environ | {
        "FRAMEWISE_KEYSPACE": settings.keyspace,
        "FRAMEWISE_TOPIC_PREFIX": f"{settings.keyspace}-",
        "FRAMEWISE_DATA_DIR": str(folder),
    }
    with (folder / "api.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.main"], cwd=ROOT, env=environment, stderr=log, stdout=log
        )
    address = f"http://127.0.0.1:{ApiSettings().api_port}"
    try:
        with httpx.Client(base_url=address, timeout=120, trust_env=False) as http:
            deadline = time.monotonic() + START_SECONDS
            while not _answers(http) or process.poll() is not None:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the service did not start:\n{(folder / 'api.log').read_text()[-2000:]}")
                time.sleep(0.2)
            yield http, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _answers(http: httpx.Client) -> bool:
    try:
        return http.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def cursors(http: httpx.Client, path: str, frames: int) -> dict[str, str | None]:
    """A cursor at each depth: that of a page of one row just before it."""
    found: dict[str, str | None] = {}
    for name, depth in DEPTHS.items():
        page = http.get(path, params={"limit": 100}) if depth else None
        found[name] = _cursor_at(page.json()["next_cursor"], int(frames * depth)) if page else None
    return found


def _cursor_at(cursor: str, frame_number: int) -> str:
    """The service's own form of a cursor, so that no thousand pages must be walked to get there."""
    bound_to, *_ = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return encode([frame_number, "zzz"], bound_to)


def load(
    http: httpx.Client, path: str, cursors: dict[str, str | None], rate: int, seconds: int
) -> dict[str, list[float]]:
    """Milliseconds of each request by depth, `rate` a second, each sent when its time has come."""
    taken: dict[str, list[float]] = {name: [] for name in cursors}
    names = list(cursors) * (rate * seconds // len(cursors))

    def ask(name: str, due: float) -> None:
        time.sleep(max(0.0, due - time.perf_counter()))
        cursor = cursors[name]
        began = max(due, time.perf_counter() - 60)
        answer = http.get(path, params={"limit": 100} | ({"cursor": cursor} if cursor else {}))
        assert len(answer.raise_for_status().json()["items"]) == 100
        taken[name].append((time.perf_counter() - began) * 1000)

    start = time.perf_counter() + 0.5
    with ThreadPoolExecutor(32) as pool:
        for done in [pool.submit(ask, name, start + place / rate) for place, name in enumerate(names)]:
            done.result()
    return taken


def main() -> int:
    """Measure and print; 1 when the median page takes longer than it may."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages")
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--rate", type=int, default=20, help="requests a second")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--keep", metavar="KEYSPACE", help="use this keyspace, and leave it for another run")
    options = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    print(f"load average before: {', '.join(f'{load:.1f}' for load in os.getloadavg())}; {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder, keyspace(options.keep) as client:
        video_ids = _write(client, options.frames)
        with service(client.settings, Path(folder)) as (http, process), Memory(process) as memory:
            medians = _pages(http, video_ids[0], options, memory)
            _questions(http, video_ids, memory)
    return 0 if max(medians) < LIMIT_MS else 1


def _write(client: CassandraClient, frames: int) -> list[UUID]:
    results, videos = CassandraResultStore(client), CassandraVideoStore(client)
    films = [Film(frames, 1), Film(frames // 10, 2)]
    if videos.get(films[-1].video_id) is not None:
        return [film.video_id for film in films]
    began = time.perf_counter()
    for film in films:
        film.store(videos, results)
    written = time.perf_counter() - began
    stores = Indexed(videos, results, CassandraDigestStore(client), CassandraSearchIndex(client))
    began = time.perf_counter()
    Indexer(stores).index()
    indexed = time.perf_counter() - began
    size = client.execute(
        "SELECT count(*) AS n FROM digests WHERE video_id = ? AND shelf = 0", (films[0].video_id,)
    ).one()
    print(
        f"{frames:,} frames stored in {written:.0f} s, indexed in {indexed:.1f} s ({size.n} digests on the first shelf)"
    )
    return [film.video_id for film in films]


def _pages(http: httpx.Client, video_id: UUID, options: argparse.Namespace, memory: Memory) -> list[float]:
    path = f"/analysis/{video_id}/results"
    places = cursors(http, path, options.frames)
    load(http, path, places, options.rate, 5)
    before, spent = len(memory.samples), memory.cpu()
    taken = load(http, path, places, options.rate, options.seconds)
    print(f"\npages of 100 rows, {options.rate} requests a second for {options.seconds} s, in ms")
    print("  depth          p50     p90     p99     max")
    for name, values in taken.items():
        cuts = statistics.quantiles(values, n=100)
        print(f"  {name:<10} {cuts[49]:7.1f} {cuts[89]:7.1f} {cuts[98]:7.1f} {max(values):7.1f}")
    asked = sum(map(len, taken.values()))
    print(f"CPU of the service: {(memory.cpu() - spent) / asked * 1000:.1f} ms a page")
    used = memory.samples[before:]
    parts = [used[len(used) * n // 4] / MIB for n in range(4)] + [used[-1] / MIB]
    print(f"memory of the service meanwhile, MiB: {', '.join(f'{part:.0f}' for part in parts)}")
    return [statistics.median(values) for values in taken.values()]


def _questions(http: httpx.Client, video_ids: Sequence[UUID], memory: Memory) -> None:
    print("\n  question                         first s   again s      MiB   memory after")
    one, other = video_ids
    for name, path in (
        ("summary", f"/analysis/{one}/summary"),
        ("summary, a label", f"/analysis/{one}/summary?label=dog&min_confidence=0.5"),
        ("summary, ten minutes", f"/analysis/{one}/summary?from=600&to=1200"),
        ("search, a label", "/search?label=dog"),
        ("search, all", "/search?limit=100"),
        ("compare", f"/analysis/{one}/compare/{other}"),
        ("compare with itself", f"/analysis/{one}/compare/{one}"),
        ("a rare label, pages", f"/analysis/{one}/results?label=unicorn&limit=10"),
        ("export json", f"/analysis/{one}/results?format=json"),
        ("export csv", f"/analysis/{one}/results?format=csv"),
        ("export parquet", f"/analysis/{one}/results?format=parquet"),
        ("export coco", f"/analysis/{one}/results?format=coco"),
    ):
        first, size, peak = _ask(http, path, memory)
        again = "" if "export" in name else f"{_ask(http, path, memory)[0]:9.3f}"
        print(f"  {name:<30} {first:9.3f} {again:>9} {size / MIB:8.1f}   {peak / MIB:.0f} MiB at most", flush=True)


def _ask(http: httpx.Client, path: str, memory: Memory) -> tuple[float, int, int]:
    """Seconds, bytes of the answer, and the service's highest memory meanwhile."""
    before = len(memory.samples)
    began = time.perf_counter()
    with http.stream("GET", path) as answer:
        size = sum(len(piece) for piece in answer.raise_for_status().iter_raw())
    return time.perf_counter() - began, size, max([*memory.samples[before:], memory.now()])


if __name__ == "__main__":
    sys.exit(main())
