"""Owns the export as Parquet: a row a frame and task, detections nested, a row group every 1,000 frame numbers."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import pyarrow as pa
import pyarrow.parquet as pq

from api.exports.pieces import buckets
from api.exports.stream import Selection
from pipeline.contracts.results import Detection, ResultRow

BOX = pa.struct([(name, pa.float64()) for name in ("x", "y", "width", "height")])
DETECTION = pa.struct(
    [
        ("label", pa.string()),
        ("confidence", pa.float64()),
        ("box", BOX),
        ("attributes", pa.map_(pa.string(), pa.float64())),
        ("person_id", pa.string()),
    ]
)
SCHEMA = pa.schema(
    [
        pa.field("video_id", pa.string(), nullable=False),
        pa.field("frame_number", pa.int64(), nullable=False),
        pa.field("media_time", pa.float64(), nullable=False),
        pa.field("captured_at", pa.timestamp("ms", tz="UTC")),
        pa.field("task", pa.string(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("model_digest", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("error", pa.string()),
        pa.field("inference_ms", pa.float64(), nullable=False),
        pa.field("worker", pa.string(), nullable=False),
        pa.field("detections", pa.list_(DETECTION), nullable=False),
    ]
)


class ParquetExport:
    """Boxes are fractions of the frame, as in the API."""

    media_type = "application/vnd.apache.parquet"
    suffix = "results.parquet"

    def write(self, selection: Selection) -> Iterator[bytes]:
        """The file, a row group at a time."""
        pipe = Pipe()
        with pq.ParquetWriter(pipe, SCHEMA, compression="zstd") as writer:
            for rows in buckets(selection.rows):
                writer.write_batch(_batch(rows), row_group_size=len(rows))
                yield pipe.take()
        yield pipe.take()


class Pipe(io.RawIOBase):
    """A file that is written from the front to the end and keeps what has not been taken yet."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        """It can be written to."""
        return True

    def write(self, data: object) -> int:
        """Keep a piece."""
        piece = bytes(memoryview(data))  # type: ignore[arg-type]
        self._pieces.append(piece)
        return len(piece)

    def take(self) -> bytes:
        """What was written since the last time."""
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def _batch(rows: Sequence[ResultRow]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([_record(row) for row in rows], schema=SCHEMA)


def _record(row: ResultRow) -> dict[str, object]:
    values = {name: getattr(row, name) for name in SCHEMA.names}
    return values | {
        "video_id": str(row.video_id),
        "task": row.task.value,
        "status": row.status.value,
        "detections": [_found(found) for found in row.detections],
    }


def _found(found: Detection) -> dict[str, object]:
    return {
        "label": found.label,
        "confidence": found.confidence,
        "box": asdict(found.box) if found.box else None,
        "attributes": list(found.attributes.items()),
        "person_id": str(found.person_id) if found.person_id else None,
    }
