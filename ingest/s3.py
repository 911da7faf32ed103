"""Owns fetching a source from a bucket of S3: which may be asked, by signed requests, and what answers mean.

A request is signed for one object and then sent as any other, so that a transfer from S3 is under the same caps as one
over http. Keys are found as AWS' own tools find them; signed addresses are neither shown nor kept.
"""

import math
import re
import threading
from itertools import islice
from pathlib import Path
from typing import Any

import botocore.session
import httpx
from botocore.config import Config
from botocore.exceptions import BotoCoreError, NoCredentialsError

from ingest.halt import Halt
from ingest.transfer import Ask, DownloadLimits, MayPassError, Transfer
from pipeline.contracts.errors import SourceRefused, SourceUnreachable
from pipeline.contracts.s3 import S3Object, is_allowed
from pipeline.contracts.settings import S3Settings
from pipeline.contracts.urls import redact_text

LONGEST_SIGNATURE = 7 * 24 * 3600
PASSING = frozenset({"SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "OperationAborted"})
MEANING = {
    "NoSuchKey": "there is no such object; check the key",
    "NoSuchVersion": "there is no such version of the object",
    "NoSuchBucket": "there is no such bucket",
    "AccessDenied": "is not allowed, or is not there; the service's role needs s3:GetObject for it, and s3:ListBucket",
    "InvalidObjectState": "the object is archived; restore it, then submit it again",
}
KEYS_WRONG = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"})
_CODE = re.compile(r"<Code>(\w{1,100})</Code>")
_REGION = re.compile(r"<Region>([a-z0-9-]{1,40})</Region>")


class S3Fetcher:
    """Fetches objects of the buckets that the settings allow. Safe for threads; close it at the end."""

    def __init__(self, settings: S3Settings, limits: DownloadLimits) -> None:
        self._settings = settings
        self._seconds = min(math.ceil(limits.total) + 60, LONGEST_SIGNATURE)
        self._client = httpx.Client(timeout=limits.timeout, headers={"Accept-Encoding": "identity"})
        self._transfer = Transfer(self._client, limits)
        self._lock = threading.Lock()
        self._signer: Any = None

    def close(self) -> None:
        """Give back connections."""
        self._client.close()

    def fetch(self, url: str, path: Path, halt: Halt) -> str:
        """Write the object to `path`, whole or not at all; its SHA-256 in hexadecimal.

        Raises SourceRefused, SourceUnreachable, SourceTooLarge, DiskFull, or Halted.
        """
        try:
            wanted = S3Object.parse(url)
        except ValueError as e:
            raise SourceRefused(f"the address {e}") from e
        if not is_allowed(wanted.bucket, self._settings.s3_buckets):
            raise SourceRefused(f"the bucket {wanted.bucket} is not among those of FRAMEWISE_S3_BUCKETS")
        return self._transfer.bring(lambda: self._ask(wanted), path, halt)

    def _ask(self, wanted: S3Object) -> Ask:
        return Ask(self._signed(wanted), str(wanted), lambda response: _check(response, wanted))

    def _signed(self, wanted: S3Object) -> str:
        named = {"Bucket": wanted.bucket, "Key": wanted.key}
        if wanted.version is not None:
            named["VersionId"] = wanted.version
        try:
            with self._lock:
                self._signer = self._signer or _signer(self._settings)
                url: str = self._signer.generate_presigned_url("get_object", named, self._seconds)
        except NoCredentialsError as e:
            raise SourceUnreachable(
                "the service has no AWS keys: give it a role, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile"
            ) from e
        except BotoCoreError as e:
            raise SourceUnreachable(f"{wanted} cannot be asked for: {redact_text(str(e))}") from e
        return url


def _signer(settings: S3Settings) -> Any:
    config = Config(signature_version="s3v4", s3={"addressing_style": "path" if settings.s3_endpoint else "auto"})
    return botocore.session.get_session().create_client(
        "s3", settings.s3_region or None, endpoint_url=settings.s3_endpoint or None, config=config
    )


def _check(response: httpx.Response, wanted: S3Object) -> None:
    """Raise for an answer that is not the object."""
    if response.status_code == httpx.codes.OK:
        return
    said = b"".join(islice(response.iter_bytes(4096), 2)).decode(errors="replace")
    found = _CODE.search(said)
    code = found[1] if found else str(response.status_code)
    if response.status_code >= 500 or response.status_code == httpx.codes.TOO_MANY_REQUESTS or code in PASSING:
        raise MayPassError(f"{wanted}: S3 answered {code}; try again later")
    raise SourceUnreachable(f"{wanted}: {_meaning(code, response, said)}")


def _meaning(code: str, response: httpx.Response, said: str) -> str:
    there = _REGION.search(said)
    region = there[1] if there else response.headers.get("x-amz-bucket-region")
    if region and code not in MEANING:
        return f"the bucket is in {region}; set FRAMEWISE_S3_REGION to that"
    if code in KEYS_WRONG:
        return f"S3 does not take the service's AWS keys ({code})"
    return MEANING.get(code, f"S3 answered {code}")
