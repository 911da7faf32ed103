"""Owns the columns between Kafka, the workers and the results sink."""

from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    DoubleType,
    IntegerType,
    LongType,
    MapType,
    StringType,
    StructField,
    StructType,
)


def _struct(**columns: object) -> StructType:
    return StructType([StructField(name, kind) for name, kind in columns.items()])  # type: ignore[arg-type]


TEXT, REAL, WHOLE = StringType(), DoubleType(), LongType()

BOX = _struct(x=REAL, y=REAL, width=REAL, height=REAL)
DETECTION = _struct(label=TEXT, confidence=REAL, box=BOX, attributes=MapType(TEXT, REAL))
RESULT = _struct(
    task=TEXT,
    model=TEXT,
    model_digest=TEXT,
    status=TEXT,
    error=TEXT,
    inference_ms=REAL,
    detections=ArrayType(DETECTION),
)
ANALYZED = _struct(
    video_id=TEXT,
    attempt=IntegerType(),
    frame_number=WHOLE,
    media_time=REAL,
    captured_at=TEXT,
    worker=TEXT,
    started_at=TEXT,
    finished_at=TEXT,
    error=TEXT,
    results=ArrayType(RESULT),
)
SET_ASIDE = _struct(reason=TEXT, value=BinaryType(), topic=TEXT, partition=IntegerType(), offset=WHOLE)
OUTCOME = _struct(analyzed=ANALYZED, set_aside=SET_ASIDE)
"""What becomes of one record: an analysed frame, or a record that is set aside with the reason. Times are ISO 8601."""
