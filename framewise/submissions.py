"""Owns the ways in: an address, a file from disk, the stored frames of another video, or a stream that is published."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, TypedDict, Unpack
from uuid import UUID, uuid4

import httpx

from framewise.answers import Camera, Endpoint, Video
from framewise.connection import Connection

UPLOAD_TIMEOUT = httpx.Timeout(600, connect=5)

Task = str | Mapping[str, Any]
OnProgress = Callable[[int, int], None]
"""Told how many bytes have been sent, and of how many."""


class Options(TypedDict, total=False):
    """How a video is analysed. What is left out is up to the service.

    `identification` is `{"purpose": …, "collections": [...], "search": False}`: nobody is identified without a purpose.
    `tasks` holds names, or `{"name": …, "minConfidence": …}`. Give one of `frame_step`, `frame_ratio` and
    `sample_seconds`. `lines` and `zones` are `{"name": …, "points": [[x, y], …]}` with fractions (0–1) of the frame;
    `counts` says who crossed and who stayed. `idempotency_key` makes the same submission twice one video; without it
    each call makes one.
    """

    tasks: Sequence[Task]
    name: str
    frame_step: int
    frame_ratio: float
    sample_seconds: float
    start_time: float
    end_time: float
    max_duration: float
    external_id: str
    tags: Sequence[str]
    callback_url: str
    store_frames: str
    identification: Mapping[str, Any]
    lines: Sequence[Mapping[str, Any]]
    zones: Sequence[Mapping[str, Any]]
    idempotency_key: str


FIELDS = {
    "tasks": "modelsToRun",
    "name": "videoName",
    "frame_step": "frameStep",
    "frame_ratio": "frameRatio",
    "sample_seconds": "sampleSeconds",
    "start_time": "startTime",
    "end_time": "endTime",
    "max_duration": "maxDuration",
    "external_id": "externalId",
    "tags": "tags",
    "callback_url": "callbackURL",
    "store_frames": "storeFrames",
    "identification": "identification",
    "lines": "lines",
    "zones": "zones",
}


class Submissions:
    """Submits videos."""

    _connection: Connection

    def start(self, url: str, **options: Unpack[Options]) -> Video:
        """Submit the video behind an address."""
        return self._submit("/analysis/start", {"videoURL": url, **fields(options)}, options)

    def rerun(self, video_id: str | UUID, **options: Unpack[Options]) -> Video:
        """Analyse the stored frames of a video again, as a new video: other tasks, other thresholds."""
        return self._submit(f"/analysis/{video_id}/rerun", fields(options), options)

    def rtmp_endpoint(self, keep: str = "newest", **options: Unpack[Options]) -> Endpoint:
        """Have an address to publish a live stream to. The key is shown this once; a lost answer is asked for anew.

        `keep` is `newest` or `all`: what becomes of frames when the analysis falls behind.
        """
        headers = {"Idempotency-Key": options["idempotency_key"]} if "idempotency_key" in options else {}
        body = fields(options) | {"keep": keep}
        return Endpoint.model_validate(
            self._connection.json("POST", "/analysis/rtmp-endpoint", json=body, headers=headers)
        )

    def stream(self, url: str, keep: str = "newest", **options: Unpack[Options]) -> Video:
        """Have a live source pulled: rtsp, rtmp, http, or `device:NAME` of a camera that the service knows.

        `keep` is `newest` or `all`: what becomes of frames when the analysis falls behind.
        """
        return self._submit("/analysis/stream", {"streamURL": url, "keep": keep, **fields(options)}, options)

    def camera(self, camera_id: str, keep: str = "newest", **options: Unpack[Options]) -> Camera:
        """Have pictures of a camera analysed that somebody publishes to Kafka: the video, and where to publish.

        `keep` is `newest` or `all`: what becomes of pictures when the analysis falls behind, or is away.
        """
        body = {"cameraId": camera_id, "keep": keep, **fields(options)}
        return Camera.model_validate(
            self._connection.json("POST", "/analysis/camera", json=body, headers=_key(options))
        )

    def upload(self, path: str | Path, *, on_progress: OnProgress | None = None, **options: Unpack[Options]) -> Video:
        """Submit a file, streamed from disk. Raises OSError when it cannot be read."""
        file = Path(path)
        form = {
            name: json.dumps(value) if isinstance(value, list | dict) else value
            for name, value in fields(options).items()
        }
        with file.open("rb") as source:
            body = self._connection.json(
                "POST",
                "/analysis/upload",
                data=form,
                files={"file": (file.name, Measured(source, file.stat().st_size, on_progress))},
                headers=_key(options),
                timeout=UPLOAD_TIMEOUT,
            )
        return Video.model_validate(body)

    def _submit(self, path: str, body: dict[str, Any], options: Options) -> Video:
        return Video.model_validate(self._connection.json("POST", path, json=body, headers=_key(options)))


class Measured:
    """A file that tells how much of it has been read; httpx reads it in pieces and rewinds it for another try."""

    def __init__(self, file: IO[bytes], size: int, on_progress: OnProgress | None) -> None:
        self._file, self._size, self._on_progress = file, size, on_progress

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._file.read(size)
        if self._on_progress is not None:
            self._on_progress(self._file.tell(), self._size)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The place."""
        return self._file.tell()

    def fileno(self) -> int:
        """By which httpx learns the length."""
        return self._file.fileno()


def fields(options: Options) -> dict[str, Any]:
    """The options as the body of a submission."""
    given: Mapping[str, Any] = options
    if unknown := given.keys() - FIELDS.keys() - {"idempotency_key"}:
        raise TypeError(f"there is no option {', '.join(sorted(unknown))}")
    return {
        field: list(given[name]) if name in ("tasks", "tags", "lines", "zones") else given[name]
        for name, field in FIELDS.items()
        if given.get(name) is not None
    }


def _key(options: Options) -> dict[str, str]:
    """A key of its own for each call, so that a try that is repeated never makes a second video."""
    return {"Idempotency-Key": options.get("idempotency_key") or str(uuid4())}
