"""What Compose starts when it is asked to: a broker, an object store, metrics and charts."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.contracts.settings import ROOT
from tests.unit.stack.test_docker_files import BASE, GPU, SERVICES, merged

PROFILES = {
    "mqtt": {"broker"},
    "objects": {"objects", "objects-folder", "objects-bucket"},
    "monitoring": {"prometheus", "grafana"},
}
ONCE = {"objects-folder", "objects-bucket"}
MONITORING = ROOT / "docker" / "monitoring"
DASHBOARD = MONITORING / "dashboards" / "framewise.json"


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return merged(BASE, COMPOSE_PROFILES=",".join(PROFILES))


def metrics() -> set[str]:
    """The names that the service counts by, as the code makes them."""
    files = (ROOT / "pipeline" / "observing" / "metrics.py", ROOT / "api" / "measuring.py")
    return set(re.findall(r'"(framewise_\w+)"', "".join(file.read_text() for file in files)))


def asked_for(expression: str) -> set[str]:
    """The metrics of an expression, without what Prometheus adds to their names."""
    return {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in re.findall(r"framewise_\w+", expression)}


def test_without_a_profile_nothing_of_it_starts() -> None:
    assert set(merged(BASE)) == SERVICES


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_adds_its_own_services(profile: str) -> None:
    assert set(merged(BASE, COMPOSE_PROFILES=profile)) - SERVICES == PROFILES[profile]


def test_each_is_bounded_and_without_rights(services: dict[str, Any]) -> None:
    for name in set.union(*PROFILES.values()):
        service = services[name]
        assert int(service["deploy"]["resources"]["limits"]["memory"]) > 0
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["user"].split(":")[0] not in ("", "0", "root")
        assert service["read_only"] is True
        assert ("healthcheck" in service) == (name not in ONCE)
        assert {port["host_ip"] for port in service.get("ports", ())} <= {"127.0.0.1"}
        assert not re.search(r":(latest)?$", service["image"])


def test_with_gpus_there_is_one_image_of_ours() -> None:
    doors = ("aws", "camera", "edge")
    found = merged(BASE, GPU, COMPOSE_PROFILES=",".join((*PROFILES, *doors)))
    assert {s["image"] for s in found.values() if s["image"].startswith("framewise")} == {"framewise:gpu"}
    assert set(doors) <= found.keys()


def test_what_is_mounted_from_the_tree_is_there(services: dict[str, Any]) -> None:
    mounted = [v["source"] for s in services.values() for v in s.get("volumes", ()) if v["type"] == "bind"]
    assert len(mounted) == 6
    assert all(Path(source).exists() for source in mounted)


def test_prometheus_asks_the_api_from_its_own_machine(services: dict[str, Any]) -> None:
    assert services["prometheus"]["network_mode"] == "service:api"
    told = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
    port = services["api"]["ports"][0]["target"]
    assert told["scrape_configs"][0]["static_configs"] == [{"targets": [f"127.0.0.1:{port}"]}]


def test_charts_and_alerts_ask_for_metrics_that_there_are() -> None:
    known = metrics()
    panels = json.loads(DASHBOARD.read_text())["panels"]
    alerts = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"][0]["rules"]
    expressions = [t["expr"] for panel in panels for t in panel["targets"]] + [alert["expr"] for alert in alerts]
    for expression in expressions:
        assert asked_for(expression), expression
        assert asked_for(expression) <= known, expression
    assert all(alert["annotations"].keys() == {"summary"} for alert in alerts)


def test_charts_ask_the_server_that_is_named() -> None:
    source = yaml.safe_load((MONITORING / "datasource.yml").read_text())["datasources"][0]
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert {panel["datasource"]["uid"] for panel in panels} == {source["uid"]}
    assert source["url"] == "http://api:9090"


def test_the_bucket_is_that_of_the_object_store(services: dict[str, Any]) -> None:
    command = services["objects-bucket"]["command"]
    assert "endpoint_url='http://objects:9000'" in command[-1]
    assert services["objects"]["ports"][0]["target"] == 9000
    compile(command[-1], "command", "exec")
