"""Owns objects on S3: whether they are there, in which version, and putting files."""

from typing import IO, Any

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError

from connectors.aws.calls import asking, code
from connectors.aws.job import Place
from connectors.aws.seams import AwsUnavailable, ObjectMissing

MISSING = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchBucket", "403", "AccessDenied", "Forbidden", "400"})
"""Also what may not be read: S3 says 403 of an object that is missing to those who may not list."""


class S3Objects:
    """Objects behind one client."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def version(self, place: Place) -> str:
        with asking(f"s3://{place.bucket}/{place.key}"):
            try:
                return str(self._s3.head_object(Bucket=place.bucket, Key=place.key)["ETag"])
            except ClientError as e:
                if code(e) in MISSING:
                    raise ObjectMissing(
                        f"s3://{place.bucket}/{place.key} is not there or may not be read (S3 says {code(e)})"
                    ) from e
                raise

    def exists(self, place: Place) -> bool:
        try:
            return bool(self.version(place))
        except ObjectMissing:
            return False

    def put(self, place: Place, file: IO[bytes]) -> None:
        with asking(f"s3://{place.bucket}/{place.key}"):
            try:
                self._s3.upload_fileobj(file, place.bucket, place.key, ExtraArgs={"ContentType": "application/json"})
            except S3UploadFailedError as e:
                raise AwsUnavailable(f"the result could not be put: {e}") from e
