"""Owns reading: videos, results, frames, summaries, searches, exports."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict, Unpack
from uuid import UUID

from framewise.answers import Model, Result, Video
from framewise.connection import Connection
from framewise.insights import Comparison, Failure, Found, Insights, Summary

PAGE = 500
FAILURES = 200
CLIP_SECONDS = 180.0
"""A clip is sent when all of it is encoded."""


class ResultFilter(TypedDict, total=False):
    """Which results. Times are seconds of media time; `task` may be several."""

    task: str | list[str]
    model: str
    label: str
    min_confidence: float
    from_time: float
    to_time: float
    frame_from: int
    frame_to: int


class Reading:
    """Reads what the service knows."""

    _connection: Connection

    def videos(
        self,
        status: str | None = None,
        tag: str | None = None,
        external_id: str | None = None,
        limit: int | None = None,
    ) -> Iterator[Video]:
        """Videos, newest first: completed ones unless another status is asked for, page by page."""
        params = {"status": status, "tag": tag, "external_id": external_id}
        for item in self._items("/analysis/videos", params, limit, page=100):
            yield Video.model_validate(item)

    def results(
        self, video_id: str | UUID, limit: int | None = None, **which: Unpack[ResultFilter]
    ) -> Iterator[Result]:
        """Rows by frame number, page by page; those that exist when a page is read."""
        for item in self._items(f"/analysis/{video_id}/results", _params(which), limit, page=PAGE):
            yield Result.model_validate(item)

    def frame_results(self, video_id: str | UUID, frame_number: int) -> list[Result]:
        """The rows of one frame."""
        rows = self._connection.json("GET", f"/analysis/{video_id}/frame/{frame_number}/results")
        return [Result.model_validate(row) for row in rows]

    def failures(self, video_id: str | UUID, limit: int | None = None) -> Iterator[Failure]:
        """The frames that failed, and why, page by page."""
        for item in self._items(f"/analysis/{video_id}/failures", {}, limit, page=FAILURES):
            yield Failure.model_validate(item)

    def frame(
        self,
        video_id: str | UUID,
        frame_number: int,
        path: str | Path | None = None,
        *,
        annotate: bool = True,
        tasks: list[str] | None = None,
        min_confidence: float | None = None,
        blur: str | None = None,
    ) -> bytes:
        """The JPEG of a frame with boxes and labels, and written to `path` where one is given."""
        params = {"annotate": str(annotate).lower(), "tasks": tasks, "min_confidence": min_confidence, "blur": blur}
        jpeg = self._connection.content(f"/analysis/{video_id}/frame/{frame_number}", params=params)
        if path is not None:
            Path(path).write_bytes(jpeg)
        return jpeg

    def summary(self, video_id: str | UUID, **which: Any) -> Summary:
        """What was found, label by label; filters as the service takes them, such as `min_confidence=0.5`."""
        return Summary.model_validate(self._connection.json("GET", f"/analysis/{video_id}/summary", params=which))

    def compare(self, video_id: str | UUID, other_id: str | UUID, **which: Any) -> Comparison:
        """What differs between two analyses, such as a video and its rerun."""
        return Comparison.model_validate(
            self._connection.json("GET", f"/analysis/{video_id}/compare/{other_id}", params=which)
        )

    def search(
        self,
        label: str | None = None,
        limit: int | None = None,
        *,
        task: str | None = None,
        model: str | None = None,
        min_confidence: float | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        tag: str | None = None,
    ) -> Iterator[Found]:
        """In which videos something was found, newest first, page by page."""
        params = {"label": label, "task": task, "model": model, "min_confidence": min_confidence, "tag": tag}
        params |= {"from": _time(since), "to": _time(until)}
        for item in self._items("/search", params, limit, page=100):
            yield Found.model_validate(item)

    def insights(self, **which: Any) -> Insights:
        """What was found over all videos by wall clock; filters as the service takes them, such as `label="dog"`."""
        return Insights.model_validate(self._connection.json("GET", "/analysis/insights", params=which))

    def report(self, path: str | Path, **which: Any) -> Path:
        """Write insights to one HTML file with charts, which needs nothing else. It is there whole or not at all."""
        target = Path(path)
        part = target.with_name(f"{target.name}.part")
        try:
            part.write_bytes(self._connection.content("/analysis/insights/report", params=which))
            return part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    def export(
        self,
        video_id: str | UUID,
        format: str,  # noqa: A002 - the service's own word
        path: str | Path,
        **which: Unpack[ResultFilter],
    ) -> Path:
        """Write all results to a file: json, csv, parquet or coco. It is there whole or not at all."""
        return self._save(Path(path), f"/analysis/{video_id}/results", params={**_params(which), "format": format})

    def clip(
        self,
        video_id: str | UUID,
        path: str | Path,
        from_time: float | None = None,
        to_time: float | None = None,
        *,
        annotate: bool = True,
        blur: str | None = None,
    ) -> Path:
        """Write a part of the video to an MP4 file, from its stored frames. It is there whole or not at all."""
        params = {"from": from_time, "to": to_time, "annotate": str(annotate).lower(), "blur": blur}
        return self._save(Path(path), f"/analysis/{video_id}/clip", params=params, timeout=CLIP_SECONDS)

    def _save(self, target: Path, path: str, **request: Any) -> Path:
        part = target.with_name(f"{target.name}.part")
        try:
            with self._connection.stream("GET", path, **request) as answer, part.open("wb") as file:
                for chunk in answer.iter_bytes():
                    file.write(chunk)
            return part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    def models(self) -> list[Model]:
        """The model that each task uses."""
        return [Model.model_validate(item) for item in self._connection.json("GET", "/models")["items"]]

    def _items(self, path: str, params: dict[str, Any], limit: int | None, page: int) -> Iterator[dict[str, Any]]:
        """The items of all pages, `limit` at most; a cursor that does not move on is the end."""
        left, cursor = limit, None
        while left is None or left > 0:
            size = page if left is None else min(page, left)
            body = self._connection.json("GET", path, params={**params, "limit": size, "cursor": cursor})
            yield from body["items"]
            if body["next_cursor"] in (None, cursor):
                return
            cursor = body["next_cursor"]
            left = None if left is None else left - len(body["items"])


def _params(which: ResultFilter) -> dict[str, Any]:
    names = {"from_time": "from", "to_time": "to"}
    return {names.get(name, name): value for name, value in which.items()}


def _time(value: datetime | str | None) -> str | None:
    return value.isoformat() if isinstance(value, datetime) else value
