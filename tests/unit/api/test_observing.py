"""Every request has an id, a line in the log and its metrics."""

import logging

import pytest
from fastapi.testclient import TestClient
from prometheus_client import REGISTRY

from api.app import create_app
from api.services import Services


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        ("abc-1.2_3", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("", False),
        ("two words", False),
        ("name=value", False),
        ("-dash-first", False),
    ],
)
def test_a_plain_id_is_taken_and_others_are_made_anew(client: TestClient, sent: str, taken: bool) -> None:
    answered = client.get("/healthz", headers={"X-Request-ID": sent}).headers["X-Request-ID"]
    assert (answered == sent) is taken
    assert len(answered) >= 9


def test_each_request_has_an_id_of_its_own(client: TestClient) -> None:
    ids = {client.get("/healthz").headers["X-Request-ID"] for _ in range(5)}
    assert len(ids) == 5


@pytest.mark.parametrize("path", ["/analysis/00000000-0000-0000-0000-000000000000", "/nowhere", "/healthz?no=such"])
def test_problems_carry_the_id(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"X-Request-ID": "find-me"})
    assert answer.status_code >= 400
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"] == "find-me"


def test_what_fails_unexpectedly_carries_the_id_too(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(services)

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("secret")

    client = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
    answer = client.get("/broken", headers={"X-Request-ID": "find-me"})
    assert answer.status_code == 500
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"] == "find-me"
    assert "secret" not in answer.text


def test_foreign_hosts_are_observed(client: TestClient) -> None:
    answer = client.get("/healthz", headers={"Host": "evil.example", "X-Request-ID": "find-me"})
    assert answer.status_code == 403
    assert answer.headers["X-Request-ID"] == "find-me"


def test_the_line_of_a_request_names_the_route_and_no_query(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "api.access")
    client.get("/analysis/00000000-0000-0000-0000-000000000007/results?cursor=secret")
    [record] = [r for r in caplog.records if r.name == "api.access"]
    assert record.getMessage().startswith("GET /analysis/{video_id}/results 404 ")
    assert "secret" not in str(record.__dict__)
    assert vars(record)["video_id"] == "00000000-0000-0000-0000-000000000007"


def test_probes_that_go_well_are_not_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "api.access")
    for path in ("/healthz", "/readyz", "/metrics", "/healthz?wrong=1"):
        client.get(path)
    lines = [r.getMessage() for r in caplog.records if r.name == "api.access"]
    assert [line.rsplit(" ", 2)[0] for line in lines] == ["GET /healthz 422"]


def test_a_path_cannot_write_into_the_log(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "api.access")
    client.get("/analysis/a%0Aforged=1")
    client.get("/no%0Aroute")
    lines = [r for r in caplog.records if r.name == "api.access"]
    assert [r.getMessage().rsplit(" ", 3)[0] for r in lines] == ["GET /analysis/{video_id}", "GET none"]
    assert not any(hasattr(r, "video_id") for r in lines)


def test_labels_are_operations_never_paths(client: TestClient) -> None:
    def asked(operation: str, method: str, status: str) -> float:
        labels = {"operation": operation, "method": method, "status": status}
        return REGISTRY.get_sample_value("framewise_http_requests_total", labels) or 0.0

    before = asked("get_video", "GET", "404"), asked("none", "GET", "404"), asked("none", "other", "404")
    for number in range(3):
        client.get(f"/analysis/00000000-0000-0000-0000-00000000000{number}")
        client.get(f"/made/up/{number}")
    after = asked("get_video", "GET", "404"), asked("none", "GET", "404"), asked("none", "other", "404")
    assert [b - a for a, b in zip(before, after, strict=True)] == [3, 3, 0]


def test_failures_are_counted_by_kind(client: TestClient) -> None:
    before = REGISTRY.get_sample_value("framewise_failures_total", {"kind": "not-found"}) or 0.0
    client.get("/analysis/00000000-0000-0000-0000-000000000000")
    assert REGISTRY.get_sample_value("framewise_failures_total", {"kind": "not-found"}) == before + 1
