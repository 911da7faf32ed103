"""Owns which objects of S3 are taken: those of the buckets that the operator has named."""

from api.services import Services
from pipeline.contracts.errors import SourceRefused
from pipeline.contracts.s3 import S3Object, is_allowed, is_s3

SETTING = "FRAMEWISE_S3_BUCKETS"


def check_bucket(services: Services, url: str) -> None:
    """Raise SourceRefused for an object whose bucket the settings do not name; other addresses pass."""
    if not is_s3(url):
        return
    bucket = S3Object.parse(url).bucket
    if not services.s3_buckets:
        raise SourceRefused(f"videoURL: s3:// is off here; name the buckets that may be read in {SETTING}")
    if not is_allowed(bucket, services.s3_buckets):
        raise SourceRefused(f"videoURL: the bucket {bucket} is not among those of {SETTING}")
