"""Owns the ways in: an address, or a file."""

import errno
import hashlib
import json
import shutil
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from api.caller import Caller, caller_of
from api.dependencies import CallerDep, NoQuery, ServicesDep
from api.fields import NAME_LENGTH
from api.objects import check_bucket
from api.origin import Origin, OriginDep
from api.people.checking import check_identification
from api.problems import documented
from api.requests import AnalysisOptions, StartRequest
from api.responses import VideoAnswer
from api.room import check_room
from api.services import Services
from api.submission import claim_id, earlier, fingerprint_of, new_video, submit
from api.views import accepted
from api.webhooks.plan import check_callback
from pipeline.contracts.errors import DiskFull
from pipeline.contracts.s3 import S3Object, is_s3
from pipeline.contracts.videos import SourceKind, Video
from pipeline.stores.frames import FULL

router = APIRouter(prefix="/analysis", tags=["submit"], dependencies=[NoQuery])
FORM_SCHEMA = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "modelsToRun": {"type": "string", "description": "names with commas between, or JSON"},
                        "videoName": {"type": "string"},
                        "frameStep": {"type": "integer", "minimum": 1},
                        "frameRatio": {"type": "number"},
                        "sampleSeconds": {"type": "number"},
                        "startTime": {"type": "number"},
                        "endTime": {"type": "number"},
                        "maxDuration": {"type": "number"},
                        "externalId": {"type": "string"},
                        "tags": {"type": "string", "description": "with commas between, or JSON"},
                        "callbackURL": {"type": "string"},
                        "identification": {"type": "string", "description": "JSON, as in the body of `start`"},
                        "lines": {"type": "string", "description": "JSON, as in the body of `start`"},
                        "zones": {"type": "string", "description": "JSON, as in the body of `start`"},
                        "storeFrames": {"type": "string", "enum": ["full", "blurred", "none"]},
                    },
                }
            }
        },
    }
}


@router.post(
    "/start",
    status_code=202,
    operation_id="start_analysis",
    summary="Analyse the video behind an address",
    responses=documented(409, 413),
)
def start(
    services: ServicesDep, caller: CallerDep, origin: OriginDep, body: StartRequest, response: Response
) -> VideoAnswer:
    """Answers at once; `Location` says where to ask how it stands."""
    asked = fingerprint_of("start", body)
    video = earlier(services, origin, asked)
    if video is None:
        check_room(services, caller)
        check_callback(services, body.callback_url)
        check_identification(services, body)
        check_bucket(services, body.video_url)
        name = _name_of(body.video_url)
        video_id = claim_id(services, origin, asked)
        video = new_video(video_id, body, origin, SourceKind.URL, body.video_url, name[:NAME_LENGTH])
        video = submit(services, video, body)
    return accepted(services, video, response)


def _name_of(url: str) -> str:
    """The file's name, as a label."""
    if is_s3(url):
        return S3Object.parse(url).key.rpartition("/")[2]
    return unquote(PurePosixPath(urlsplit(url).path).name) or "video"


@router.post(
    "/upload",
    status_code=202,
    operation_id="upload_video",
    summary="Analyse a file",
    responses=documented(409, 413),
    openapi_extra=FORM_SCHEMA,
)
async def upload(services: ServicesDep, origin: OriginDep, request: Request, response: Response) -> VideoAnswer:
    """Takes the file and the same fields as `start`, as multipart/form-data."""
    async with request.form(max_files=1, max_fields=40) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise RequestValidationError([{"loc": ("body", "file"), "msg": "a file is needed", "type": "missing"}])
        options = _options({key: form.getlist(key) for key in form if key != "file"})
        video = await run_in_threadpool(_take, services, caller_of(request), origin, file, options)
        return await run_in_threadpool(accepted, services, video, response)


def _take(services: Services, caller: Caller, origin: Origin, file: UploadFile, options: AnalysisOptions) -> Video:
    name = PurePosixPath((file.filename or "").replace("\\", "/")).name[:NAME_LENGTH] or "upload"
    asked = fingerprint_of("upload", options, name, _digest(file)) if origin.key is not None else ""
    if (known := earlier(services, origin, asked)) is not None:
        return known
    check_room(services, caller)
    check_callback(services, options.callback_url)
    check_identification(services, options)
    kept = _keep(services, file)
    try:
        video_id = claim_id(services, origin, asked)
        _hand_over(kept, services.sources_dir / str(video_id))
    finally:
        shutil.rmtree(kept, ignore_errors=True)
    video = new_video(video_id, options, origin, SourceKind.UPLOAD, f"upload:{video_id}", name)
    return submit(services, video, options)


def _digest(file: UploadFile) -> str:
    found = hashlib.file_digest(file.file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.file.seek(0)
    return found


def _hand_over(kept: Path, folder: Path) -> None:
    """Put the file where ingest looks for it, unless another who came with the same key has done so."""
    try:
        kept.rename(folder)
    except OSError as e:
        if e.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise


def _keep(services: Services, file: UploadFile) -> Path:
    """The folder with the file, whole; named as no video is yet."""
    folder = services.sources_dir / str(uuid4())
    try:
        folder.mkdir(parents=True)
        with (folder / "upload.part").open("wb") as kept:
            shutil.copyfileobj(file.file, kept, 2**20)
        (folder / "upload.part").replace(folder / "source")
        return folder
    except OSError as e:
        shutil.rmtree(folder, ignore_errors=True)
        if e.errno in FULL:
            raise DiskFull("there is no space left for the upload; free some space") from e
        raise


def _options(fields: dict[str, list[Any]]) -> AnalysisOptions:
    """The form's fields as the same model that a JSON body has; lists by commas, by repetition or as JSON."""
    lists = {"modelsToRun", "models_to_run", "tags", "lines", "zones"}
    values: dict[str, Any] = {
        name: _list(given) if name in lists else given[0] if len(given) == 1 else given
        for name, given in fields.items()
    }
    values |= {name: _object(values[name]) for name in ("identification",) if name in values}
    try:
        return AnalysisOptions.model_validate(values)
    except ValidationError as e:
        raise RequestValidationError([{**error, "loc": ("body", *error["loc"])} for error in e.errors()]) from e


def _object(given: Any) -> Any:
    """What JSON says; anything else as it is, which its field will refuse."""
    try:
        return json.loads(given)
    except (TypeError, ValueError):
        return given


def _list(given: list[Any]) -> list[Any]:
    items: list[Any] = []
    for text in map(str, given):
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = [part.strip() for part in text.split(",") if part.strip()]
        items.extend(parsed if isinstance(parsed, list) else [parsed])
    return items
