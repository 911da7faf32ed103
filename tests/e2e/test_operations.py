"""What operators see of a video: one trace, one id in all logs, metrics of all processes; and that each ends well."""

import json
from collections.abc import Iterator

import httpx
import psutil
import pytest

from tests.e2e.disturbance import Subject, disturbed_stack, until
from tests.e2e.films import Analysis, Film, assert_same
from tests.unit.receiver import Receiver, Span, receiving

# A stack of its own, with an exporter and logs as JSON: `./run.sh test --all`.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

REQUEST = "an-operator-looks-for-this"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(scope="module")
def subject(receiver: Receiver, web: str) -> Iterator[Subject]:
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "FRAMEWISE_LOG_FORMAT": "json"}
    with disturbed_stack(web, settings) as found:
        yield found


@pytest.fixture(scope="module")
def path(subject: Subject, film: Film) -> str:
    """A video that was submitted with an id for its request."""
    with film.path.open("rb") as file:
        answer = subject.service.http.post(
            "/analysis/upload", data=film.fields, files={"file": file}, headers={"X-Request-ID": REQUEST}
        )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["status_url"])


@pytest.fixture(scope="module")
def wanted(subject: Subject, path: str) -> Analysis:
    """What is kept of it."""
    return subject.analysis(path)


def test_one_trace_from_the_submission_to_the_stored_results(
    subject: Subject, path: str, wanted: Analysis, receiver: Receiver
) -> None:
    names = {"POST /analysis/upload", "ingest", "download", "decode and publish", "analyse", "store", "complete"}

    def whole() -> bool:
        return any(names <= {s.name for s in receiver.of_trace(first.trace)} for first in submissions())

    def submissions() -> list[Span]:
        return [s for s in list(receiver.spans) if s.name == "POST /analysis/upload"]

    until(whole, "every span has arrived", 30)
    [submission] = [s for s in receiver.spans if s.name == "POST /analysis/upload"]
    spans = receiver.of_trace(submission.trace)
    ids = {s.id for s in spans}
    assert all(s.parent in ids for s in spans if s is not submission)
    assert {s.service for s in spans} >= {"framewise-api", "framewise-ingest", "framewise-worker"}
    videos = {s.attributes["framewise.video_id"] for s in spans if "framewise.video_id" in s.attributes}
    assert videos == {path.rpartition("/")[2]}
    assert not any(s.failed for s in spans)
    assert sum(int(s.attributes["framewise.frames"]) for s in spans if s.name == "analyse") == len(wanted.frames)


def test_one_id_is_found_in_the_logs_of_every_process(subject: Subject, path: str, wanted: Analysis) -> None:
    video_id = path.rpartition("/")[2]
    services = set()
    for name in ("api", "ingest", "analysis"):
        records = [json.loads(line) for line in subject.log(name).splitlines() if line.startswith("{")]
        found = [record for record in records if record.get("request_id") == REQUEST]
        assert found, f"the log of {name} does not name the request"
        assert all({"time", "level", "logger", "service"} <= record.keys() for record in found)
        services |= {record["service"] for record in found if record.get("video_id", video_id) == video_id}
    assert services >= {"api", "ingest", "worker"}


def test_what_our_processes_log_is_json(subject: Subject, wanted: Analysis) -> None:
    for name in ("api", "ingest"):
        lines = subject.log(name).splitlines()
        assert lines
        assert [line for line in lines if not line.startswith("{")] == []


def sample(subject: Subject, name: str) -> float:
    """The sum of the samples whose name and labels begin so."""
    lines = subject.service.http.get("/metrics").raise_for_status().text.splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))


def test_metrics_of_every_process_are_on_one_page(subject: Subject, wanted: Analysis) -> None:
    frames = len(wanted.frames)
    assert sample(subject, 'framewise_frames_total{stage="published"}') == frames
    assert sample(subject, 'framewise_frames_total{stage="done"}') == frames
    assert sample(subject, 'framewise_videos_ended_total{status="completed"}') == 1
    assert sample(subject, "framewise_micro_batch_records_total") == frames
    assert sample(subject, "framewise_model_batch_pictures_sum") >= frames
    assert sample(subject, 'framewise_http_requests_total{method="POST",operation="upload_video",status="202"}') == 1
    assert sample(subject, 'framewise_topic_bytes{topic="frames"}') > 0
    until(lambda: sample(subject, 'framewise_spark_phase_seconds_count{phase="addBatch"}') > 0, "Spark's phases", 30)
    until(lambda: sample(subject, 'framewise_topic_waiting_records{topic="frames"}') == 0, "nothing waits", 30)
    page = subject.service.http.get("/metrics").text
    for service in ("api", "ingest", "analysis", "worker"):
        assert f'service="{service}"' in page


def test_readiness_names_every_part(subject: Subject) -> None:
    checks = subject.service.http.get("/readyz").raise_for_status().json()["checks"]
    assert checks.keys() == {"kafka", "cassandra", "disk", "ingest", "analysis"}
    assert all(check["ok"] for check in checks.values())
    assert "a sign of life" in checks["analysis"]["detail"]


@pytest.mark.parametrize("name", ["ingest", "analysis", "api"])
def test_each_service_ends_in_order_in_the_middle_of_its_work(
    subject: Subject, film: Film, wanted: Analysis, name: str
) -> None:
    subject.all_up()
    counted = sample(subject, 'framewise_frames_total{stage="done"}')
    failures = subject.failures[name]
    again = subject.service.upload(film.path, **film.fields)
    process = subject.process(name)
    subject.in_the_middle(again, len(wanted.frames), process.terminate)
    psutil.wait_procs([process], timeout=40)
    until(lambda: subject.failures[name] > failures, "the supervisor has seen its end", 60)
    assert subject.status(name).reason == "ended with status 0"
    assert '"message": "stopped"' in subject.log(name)
    if name == "ingest":
        assert "stopped, the service is stopping" in subject.log(name)
    assert_same(subject.analysis(again), wanted)
    subject.all_up()
    assert sample(subject, 'framewise_frames_total{stage="done"}') >= counted + len(wanted.frames) - 1


def test_a_dead_worker_leaves_its_sums_and_takes_its_gauges(subject: Subject, wanted: Analysis) -> None:
    subject.all_up()
    victim = subject.python_worker()
    counted = sample(subject, "framewise_frames_total")
    assert sample(subject, f'framewise_process_memory_bytes{{pid="{_host(subject, victim.pid)}') > 0
    victim.kill()
    psutil.wait_procs([victim], timeout=10)
    assert sample(subject, "framewise_frames_total") == counted
    assert f"-{victim.pid}-" not in subject.service.http.get("/metrics").text


def _host(subject: Subject, pid: int) -> str:
    page: httpx.Response = subject.service.http.get("/metrics")
    return next(part for part in page.text.split('"') if f"-{pid}-" in part)
