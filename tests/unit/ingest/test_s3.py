"""Fetching from S3: what its answers mean, and what is tried again. A server on loopback says what S3 would."""

import hashlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from ingest.fetching import AnyFetcher
from ingest.halt import Halt, Halted, HaltReason
from ingest.s3 import S3Fetcher
from ingest.transfer import DownloadLimits
from pipeline.contracts.errors import SourceRefused, SourceTooLarge, SourceUnreachable
from pipeline.contracts.settings import S3Settings
from tests.unit.ingest.benches import ListedFetcher
from tests.unit.servers import Answer, content, serving

BODY = bytes(range(256)) * 1000
SECRET = "wJalrXUtnFEMI"
Fetch = Callable[..., str]


def error(status: int, code: str, region: str = "") -> Answer:
    """An error as S3 writes it."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>said</Message>{region}</Error>"
    return content(body.encode(), status=status)


class Bucket:
    """What the server answers, in order; the last for ever. `asked` are the requests."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [content(BODY)]
        self.asked: list[str] = []

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.path)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        answer(handler)


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "videos" / "source"


@pytest.fixture
def fetch(bucket: Bucket, path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fetch]:
    """Fetch an address; by default a small one within generous limits."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr("tests.unit.servers.missing", bucket)
    made: list[S3Fetcher] = []
    with serving() as site:

        def run(url: str = "s3://videos/a.mp4", halt: Halt | None = None, **limits: float) -> str:
            chosen = {"max_bytes": 1_000_000, "total": 20.0, "stall": 5.0, "pause": 0.01} | limits
            settings = S3Settings(s3_endpoint=site.url(""), s3_region="eu-west-1", s3_buckets=("videos*",))
            made.append(S3Fetcher(settings, DownloadLimits(**chosen)))  # type: ignore[arg-type]
            return made[-1].fetch(url, path, halt or Halt())

        yield run
    for fetcher in made:
        fetcher.close()


def test_the_object_is_there_with_its_digest(bucket: Bucket, fetch: Fetch, path: Path) -> None:
    assert fetch("s3://videos/2026/a b+ö%.mp4?versionId=v1") == hashlib.sha256(BODY).hexdigest()
    assert path.read_bytes() == BODY
    assert [p.name for p in path.parent.iterdir()] == ["source"]
    asked = urlsplit(bucket.asked[0])
    assert asked.path == "/videos/2026/a%20b%2B%C3%B6%25.mp4"
    signed = parse_qs(asked.query)
    assert signed["versionId"] == ["v1"]
    assert signed["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert "/eu-west-1/s3/" in signed["X-Amz-Credential"][0]
    assert SECRET not in bucket.asked[0]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (error(404, "NoSuchKey"), "s3://videos/a.mp4: there is no such object"),
        (error(404, "NoSuchBucket"), "no such bucket"),
        (error(403, "AccessDenied"), "role needs s3:GetObject"),
        (error(403, "InvalidObjectState"), "restore it"),
        (error(403, "SignatureDoesNotMatch"), "does not take the service's AWS keys"),
        (error(301, "PermanentRedirect", "<Region>us-east-2</Region>"), "in us-east-2; set FRAMEWISE_S3_REGION"),
        (error(400, "AuthorizationHeaderMalformed", "<Region>us-east-2</Region>"), "in us-east-2"),
        (content(b"", status=418), "S3 answered 418"),
    ],
)
def test_what_does_not_pass_is_said_at_once(
    bucket: Bucket, fetch: Fetch, path: Path, answer: Answer, said: str
) -> None:
    bucket.answers = [answer]
    with pytest.raises(SourceUnreachable, match=said) as found:
        fetch()
    assert len(bucket.asked) == 1
    assert "X-Amz" not in str(found.value)
    assert "AKIA" not in str(found.value)
    assert not path.exists()


@pytest.mark.parametrize(
    "answer", [error(503, "SlowDown"), error(500, "InternalError"), error(400, "RequestTimeout"), content(b"x", 10)]
)
def test_what_may_pass_is_tried_again_with_a_new_signature(bucket: Bucket, fetch: Fetch, answer: Answer) -> None:
    bucket.answers = [answer, answer, content(BODY)]
    assert fetch() == hashlib.sha256(BODY).hexdigest()
    assert len(bucket.asked) == 3


def test_it_is_given_up_after_some_tries(bucket: Bucket, fetch: Fetch, path: Path) -> None:
    bucket.answers = [error(503, "SlowDown")]
    with pytest.raises(SourceUnreachable, match="SlowDown; try again later"):
        fetch()
    assert len(bucket.asked) == 3
    assert list(path.parent.iterdir() if path.parent.exists() else ()) == []


def test_the_caps_are_those_of_http(fetch: Fetch, path: Path) -> None:
    with pytest.raises(SourceTooLarge, match="FRAMEWISE_MAX_DOWNLOAD_BYTES"):
        fetch(max_bytes=1000)
    halt = Halt()
    halt.raise_flag(HaltReason.SHUTDOWN)
    with pytest.raises(Halted):
        fetch(halt=halt)
    assert list(path.parent.iterdir() if path.parent.exists() else ()) == []


@pytest.mark.parametrize("url", ["s3://others/a.mp4", "s3://videos/../others/a.mp4", "s3://videos"])
def test_what_is_not_allowed_is_never_asked(bucket: Bucket, fetch: Fetch, url: str) -> None:
    """Also for a video that was submitted when the settings were others."""
    with pytest.raises(SourceRefused):
        fetch(url)
    assert bucket.asked == []


def test_without_keys_it_says_where_they_come_from(
    bucket: Bucket, fetch: Fetch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(SourceUnreachable, match="no AWS keys"):
        fetch()
    assert bucket.asked == []


def test_the_address_says_who_fetches(path: Path) -> None:
    http, s3 = ListedFetcher(), ListedFetcher()
    both = AnyFetcher(http, s3)  # type: ignore[arg-type]
    both.fetch("s3://videos/a.mp4", path, Halt())
    both.fetch("https://example.com/a.mp4", path, Halt())
    assert (s3.asked, http.asked) == (["s3://videos/a.mp4"], ["https://example.com/a.mp4"])
