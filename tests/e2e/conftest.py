"""The whole stack, started once, with a web server of videos beside it."""

import functools
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.contracts.results import USUAL_TASKS
from stack.settings import StackSettings
from stack.trial import Trial, trial
from tests.aws import CREDENTIALS, REGION, Aws, serving_aws
from tests.e2e.disturbance import Subject, disturbed_stack
from tests.e2e.films import Analysis, Film
from tests.e2e.service import Service


@pytest.fixture(scope="session")
def media() -> Path:
    """The folder of real videos, of the mirror."""
    folder = Path(os.environ.get("FRAMEWISE_MIRROR", "")) / "media"
    if not os.environ.get("FRAMEWISE_MIRROR") or not folder.is_dir():
        pytest.skip("no real media: FRAMEWISE_MIRROR names no folder with media/")
    return folder


@pytest.fixture(scope="session")
def web_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the web server serves."""
    return tmp_path_factory.mktemp("web")


@pytest.fixture(scope="session")
def web(web_folder: Path) -> Iterator[str]:
    """A real web server on loopback; its address."""
    handler = functools.partial(_Quiet, directory=str(web_folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that it has there
        return None


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    """AWS, as moto serves it, with a bucket of videos that the stack may read and one for results."""
    with serving_aws() as running:
        for bucket in ("videos", "results"):
            running.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield running


@pytest.fixture(scope="session")
def stack(web: str, aws: Aws) -> Iterator[Trial]:
    """Every service, with two workers; fetches from the web server above although it is on loopback, and from S3.

    With FRAMEWISE_TEST_STACK=running what runs already: of it, pages with known rows need Cassandra and the API only.
    """
    if os.environ.get("FRAMEWISE_TEST_STACK") == "running":
        yield Trial(StackSettings())
        return
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {**CREDENTIALS, "FRAMEWISE_S3_ENDPOINT": aws.url, "FRAMEWISE_S3_BUCKETS": "videos"}.items():
            environment.setenv(name, value)
        environment.setenv("FRAMEWISE_ALLOWED_HOSTS", web.removeprefix("http://"))
        environment.setenv("FRAMEWISE_LIVE_GRACE_SECONDS", "5")
        with trial(workers=2) as running:
            yield running


@pytest.fixture(scope="session")
def models(service: Service) -> dict[str, dict[str, Any]]:
    """The models that the workers loaded, by task; skips where weights cannot be had."""
    items = service.http.get("/models").raise_for_status().json()["items"]
    usual = [m for m in items if m["task"] in {*USUAL_TASKS}]
    if missing := [m["task"] for m in usual if m["model"] is None]:
        assert "FRAMEWISE_MIRROR" not in os.environ, f"no model for {missing} although there is a mirror"
        pytest.skip(f"the weights for {', '.join(missing)} cannot be had; analysis.log says what was tried")
    return {m["task"]: m for m in items}


@pytest.fixture(scope="session")
def service(stack: Trial) -> Iterator[Service]:
    """A client of the running service."""
    found = Service(stack.settings.api_url)
    yield found
    found.http.close()


@pytest.fixture(scope="module")
def subject(web: str) -> Iterator[Subject]:
    """A stack of a module alone: its processes are killed there. Nothing hangs, so nothing counts as hanging."""
    with disturbed_stack(web, liveness_seconds=120.0) as found:
        yield found


@pytest.fixture(scope="module")
def film(subject: Subject, tmp_path_factory: pytest.TempPathFactory) -> Film:
    """What is analysed again and again, on the stack that a module disturbs."""
    return Film.of(subject.tasks, tmp_path_factory.mktemp("film"))


@pytest.fixture(scope="module")
def wanted(subject: Subject, film: Film) -> Analysis:
    """An undisturbed run."""
    found = subject.analysis(subject.service.upload(film.path, **film.fields))
    assert len(found.frames) >= 300
    return found
