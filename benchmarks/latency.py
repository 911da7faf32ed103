"""Owns the latency benchmark: from a publisher's frame to its event, its row, and where the time goes.

    .venv/bin/python -m benchmarks.latency --video VIDEO [--seconds 60] [--rate 30] [--step 3] [--beside FILM]

ffmpeg publishes frames that carry their number over RTMP; the complete stack analyses every third (ten a second of
720p), objects only. `--beside` submits a file before, so that both are analysed together.
"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import cv2
import httpx
import numpy as np

from benchmarks import numbered
from benchmarks.clips import looped
from benchmarks.publisher import Publisher
from benchmarks.running import running
from benchmarks.usage import Usage
from benchmarks.watching import Seen, Watching
from pipeline.contracts.settings import KafkaSettings
from stack.settings import HOST, StackSettings
from stack.state import read_state

CLIP_SECONDS = 10
WARM_SECONDS = 8.0
LAST_SECONDS = 4.0


def endpoint(client: httpx.Client, step: int, name: str) -> tuple[UUID, str]:
    """A video that waits for its publisher, and the address that it publishes to."""
    body = {"modelsToRun": ["objects_detection"], "frameStep": step, "videoName": name}
    made = client.post("/analysis/rtmp-endpoint", json=body).raise_for_status().json()
    return UUID(made["video_id"]), made["rtmp_endpoint"]


def submit(client: httpx.Client, film: Path) -> str:
    """A file to be analysed beside; the path of its status."""
    with film.open("rb") as file:
        form = {"modelsToRun": "objects_detection", "frameStep": "1"}
        answer = client.post("/analysis/upload", data=form, files={"file": (film.name, file)})
    path: str = answer.raise_for_status().json()["status_url"]
    return path


def sent_at(client: httpx.Client, publisher: Publisher, video_id: UUID, number: int, seen: Seen) -> float | None:
    """When the publisher sent a frame, by the number in its stored picture."""
    answer = client.get(f"/analysis/{video_id}/frame/{number}", params={"annotate": "false"})
    if answer.status_code != 200:
        return None
    picture = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_GRAYSCALE)
    own = numbered.read(picture) if picture is not None else None  # type: ignore[arg-type]
    return publisher.sent_at(own, seen.captured + 1.0) if own is not None else None


def percentiles(values: Sequence[float]) -> str:
    """The middle, the slow and the slowest, in seconds."""
    if not values:
        return "nothing was seen"
    p50, p95, p99 = (float(np.percentile(values, p)) for p in (50, 95, 99))
    return f"p50 {p50:.3f}  p95 {p95:.3f}  p99 {p99:.3f}  max {max(values):.3f}  ({len(values)} frames)"


def roots(settings: StackSettings) -> dict[str, int]:
    """Name and pid of each service."""
    state = read_state(settings.state_file)
    assert state is not None
    return {name: s.process.pid for name, s in state.services.items() if s.process is not None}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency")
    mirror = os.environ.get("FRAMEWISE_MIRROR")
    sample = Path(mirror) / "media" / "video" / "people_vtest.avi" if mirror else None
    parser.add_argument("--video", type=Path, default=sample, required=sample is None)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=int, default=30, help="frames a second of the stream")
    parser.add_argument("--step", type=int, default=3, help="every n-th is analysed")
    parser.add_argument("--clip", type=Path, help="a numbered clip of an earlier run, or where to keep it")
    parser.add_argument("--beside", type=Path, help="a file that is analysed at the same time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clip = options.clip or Path(folder) / "numbered.flv"
        if not clip.is_file():
            numbered.clip(options.video, clip, CLIP_SECONDS * options.rate, options.rate)
        with running(os.cpu_count() or 1) as settings:
            return _measure(settings, clip, options, Path(folder))


@contextlib.contextmanager
def beside(client: httpx.Client, film: Path | None, folder: Path) -> Iterator[None]:
    """A long file that is analysed meanwhile, cancelled at the end."""
    if film is None:
        yield
        return
    frames = looped(film, folder / f"beside{film.suffix}", 30)
    path = submit(client, folder / f"beside{film.suffix}")
    began = time.monotonic()
    yield
    shown = client.get(path).json()
    done = shown["frames"]["done"]
    print(f"the file beside it ({frames} frames): {done} after {time.monotonic() - began:.0f} s")
    client.delete(path)


def _measure(settings: StackSettings, clip: Path, options: argparse.Namespace, folder: Path) -> int:
    kafka = KafkaSettings(kafka_bootstrap=f"{HOST}:{settings.kafka_port}")
    client = httpx.Client(base_url=settings.api_url, timeout=60, trust_env=False)
    video_id, address = endpoint(client, options.step, "latency")
    with beside(client, options.beside, folder), Publisher(clip, address) as publisher:
        with Watching(settings.api_url, kafka, video_id) as watching:
            time.sleep(WARM_SECONDS)
            began = time.time()
            with Usage(roots(settings)) as usage:
                time.sleep(options.seconds)
            until = time.time()
            time.sleep(LAST_SECONDS)
            watching.note_published()
        shown = client.get(f"/analysis/{video_id}").json()
        frames = {n: s for n, s in sorted(watching.frames.items()) if began <= s.captured <= until and s.heard}
        sent = {n: at for n, s in frames.items() if (at := sent_at(client, publisher, video_id, n, s)) is not None}
    client.post(f"/analysis/{video_id}/cancel")
    _report(frames, sent, options.seconds * options.rate / options.step)
    print(f"\nthe video itself says: {shown['frames']}, lag {shown.get('lag_seconds')} s")
    print("\nCPU seconds a second")
    for name, spent in usage.cpu_seconds().items():
        print(f"  {name:<12} {spent / options.seconds:.2f}")
    return 0 if frames else 1


def _report(frames: dict[int, Seen], sent: dict[int, float], expected: float) -> None:
    seen = frames.values()
    print(f"{len(frames)} frames analysed of {expected:.0f} sampled in the time\n")
    rows = {
        "captured at ingest → preview event": [s.preview - s.captured for s in seen if s.preview],
        "captured at ingest → result event": [s.result - s.captured for s in seen if s.result],
        "captured at ingest → readable in results": [s.readable - s.captured for s in seen if s.readable],
        "sent by ffmpeg → preview event": [frames[n].preview - at for n, at in sent.items() if frames[n].preview],
        "sent by ffmpeg → readable in results": [
            frames[n].readable - at for n, at in sent.items() if frames[n].readable
        ],
    }
    for name, values in rows.items():
        print(f"  {name:<42} {percentiles(values)}")
    print("\nwhere it goes")
    parts = {
        "capture: ffmpeg, RTMP server, ingest's pull": [frames[n].captured - at for n, at in sent.items()],
        "decode, sample, encode, publish": [s.published - s.captured for s in seen if s.published],
        "queue: Kafka to the worker": [s.started - s.published for s in seen if s.published],
        "batch planning (there is none for live)": [0.0],
        "model": [s.finished - s.started for s in seen],
        "sink: picture, rows, ledger, results": [s.heard - s.finished for s in seen],
        "event: API to the client": [s.preview - s.heard for s in seen if s.preview],
    }
    for name, values in parts.items():
        print(f"  {name:<46} {percentiles(values)}")


if __name__ == "__main__":
    sys.exit(main())
