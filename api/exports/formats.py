"""Owns which formats there are, and how OpenAPI shows them."""

from typing import Any

from api.exports.csv_export import CsvExport
from api.exports.json_export import JsonExport
from api.exports.stream import Format
from api.params import ExportFormat

CSV_EXAMPLE = (
    "video_id,frame_number,media_time,captured_at,task,model,model_digest,status,error,inference_ms,worker,"
    "label,confidence,x,y,width,height,attributes\r\n"
    "0b7a3c7e-9f51-4b0e-8a55-3c1f6f0e2a11,51,2.0,,objects_detection,yolox_nano,c789161b,ok,,21.5,worker-1,"
    "dog,0.94,0.25,0.25,0.5,0.5,\r\n"
)
CONTENT: dict[str, Any] = {
    "text/csv": {
        "schema": {"type": "string", "description": "format=csv: RFC 4180, UTF-8, a row a detection"},
        "example": CSV_EXAMPLE,
    },
    "application/vnd.apache.parquet": {
        "schema": {
            "type": "string",
            "format": "binary",
            "description": "format=parquet: a row a frame and task, its detections nested; a row group every 1,000 "
            "frame numbers",
        }
    },
}
"""The media types besides JSON. format=coco is JSON too, in the COCO detection format."""


def format_of(name: ExportFormat) -> Format:
    """The way to write a format. Parquet and COCO are loaded when they are first asked for."""
    match name:
        case ExportFormat.JSON:
            return JsonExport()
        case ExportFormat.CSV:
            return CsvExport()
        case ExportFormat.PARQUET:
            from api.exports.parquet_export import ParquetExport

            return ParquetExport()
        case ExportFormat.COCO:
            from api.exports.coco_export import CocoExport

            return CocoExport()
