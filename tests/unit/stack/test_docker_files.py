"""The Docker files, as far as they can be checked where no engine is: by Compose's own parser, schema and linter."""

import importlib.util
import itertools
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from connectors.aws.settings import AwsSettings
from connectors.camera.settings import CameraDoorSettings
from connectors.edge.brokers import BrokerSettings
from connectors.edge.processor.settings import BROKER, ProcessorSettings
from pipeline.contracts.settings import (
    ROOT,
    AnalysisSettings,
    ApiSettings,
    CassandraSettings,
    IngestSettings,
    KafkaSettings,
    LiveSettings,
    LogSettings,
    PathSettings,
    RtmpSettings,
    S3Settings,
    WebhookSettings,
)
from stack import rtmp
from stack.jars import CONF, JAR_SETS, pyspark_jars
from stack.settings import PREFIX, StackSettings

TOOLS = Path(sys.executable).parent
BASE, GPU, MIRROR = (f"docker-compose{kind}.yml" for kind in ("", ".gpu", ".mirror"))
COMBINATIONS = [(BASE,), (BASE, GPU), (BASE, MIRROR), (BASE, GPU, MIRROR)]
SERVICES = {
    "kafka",
    "cassandra",
    "schema",
    "spark-master",
    "worker",
    "worker-live",
    "analysis",
    "ingest",
    "api",
    "rtmp",
}
OURS = SERVICES - {"kafka", "cassandra"}
DOCKERFILE = ROOT / "docker" / "Dockerfile"
SETTINGS = (
    PathSettings,
    LogSettings,
    KafkaSettings,
    CassandraSettings,
    ApiSettings,
    IngestSettings,
    AnalysisSettings,
    LiveSettings,
    StackSettings,
    WebhookSettings,
    S3Settings,
    AwsSettings,
    CameraDoorSettings,
    ProcessorSettings,
)
READ_ELSEWHERE = {"FRAMEWISE_SPARK_JARS"}
"""A path for Spark, not a setting of ours (spark_jobs/session.py)."""
NOT_OFFERED = {
    # One node of each server, as the file makes them.
    *("cassandra_port", "cassandra_datacenter", "cassandra_replication", "replication_factor"),
    # The image holds the cards.
    "models_dir",
}


def merged(*names: str, **variables: str) -> dict[str, Any]:
    """The files as Compose understands them together; without an engine."""
    compose = TOOLS / "docker-compose"
    if not compose.exists():
        pytest.skip("the package of Compose's parser is for Linux on x86-64 only")
    files = [word for name in names for word in ("--file", str(ROOT / name))]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    environment |= {"FRAMEWISE_MIRROR": "/somewhere"} if MIRROR in names else {}
    done = subprocess.run(
        [str(compose), *files, "config", "--format", "json"],
        env=environment | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    services: dict[str, Any] = json.loads(done.stdout)["services"]
    return services


@pytest.fixture(params=COMBINATIONS, ids=lambda names: "+".join(names))
def services(request: pytest.FixtureRequest) -> dict[str, Any]:
    return merged(*request.param)


def test_the_files_keep_to_the_specification() -> None:
    command = [str(TOOLS / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", BASE, GPU, MIRROR]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_all_services_are_there(services: dict[str, Any]) -> None:
    assert set(services) == SERVICES


def test_every_variable_is_a_setting(services: dict[str, Any]) -> None:
    known = {PREFIX + name.upper() for group in SETTINGS for name in group.model_fields} | READ_ELSEWHERE
    known |= {BROKER + name.upper() for name in BrokerSettings.model_fields}
    used = {name for service in services.values() for name in service.get("environment", {}) if name.startswith(PREFIX)}
    used |= set(re.findall(rf"{PREFIX}\w+", "".join((ROOT / name).read_text() for name in (BASE, GPU, MIRROR))))
    assert used <= known


def test_every_setting_of_the_services_can_be_made() -> None:
    used = {name for service in merged(*COMBINATIONS[-1]).values() for name in service.get("environment", {})}
    groups = (
        PathSettings,
        LogSettings,
        KafkaSettings,
        CassandraSettings,
        ApiSettings,
        IngestSettings,
        LiveSettings,
        RtmpSettings,
        AnalysisSettings,
        S3Settings,
    )
    wanted = {name for group in groups for name in group.model_fields}
    left_out = {name for name in wanted if PREFIX + name.upper() not in used}
    assert left_out == NOT_OFFERED, "name it in docker-compose.yml, among those that are as they are set in the shell"


def test_settings_of_the_shell_reach_the_services() -> None:
    services = merged(BASE, FRAMEWISE_ALLOWED_HOSTS="nas.local", FRAMEWISE_API_PORT="8123", FRAMEWISE_WORKERS="3")
    assert services["ingest"]["environment"]["FRAMEWISE_ALLOWED_HOSTS"] == "nas.local"
    assert services["api"]["ports"][0]["published"] == "8123"
    assert services["worker"]["deploy"]["replicas"] == 3
    assert services["worker-live"]["deploy"]["replicas"] == 1
    assert services["analysis"]["environment"]["FRAMEWISE_WORKERS"] == "3"


def test_ports_are_published_on_loopback_only(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert {port["target"] for port in ports} == {9092, 9042, 4040, 8000, 1935}
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}


def test_the_api_listens_in_its_container_and_checks_who_asks(services: dict[str, Any]) -> None:
    environment = services["api"]["environment"]
    given = {k.removeprefix(PREFIX).lower(): v for k, v in environment.items() if v is not None}
    settings = ApiSettings(**{k: v for k, v in given.items() if k in ApiSettings.model_fields})
    assert (settings.api_host, settings.api_open, settings.api_local) == ("0.0.0.0", True, True)
    assert settings.api_port == services["api"]["ports"][0]["target"]


def test_streams_are_published_to_a_server_that_asks_the_api(services: dict[str, Any], tmp_path: Path) -> None:
    given = {k.removeprefix(PREFIX).lower(): v for k, v in services["rtmp"]["environment"].items() if v is not None}
    settings = StackSettings(**{k: v for k, v in given.items() if k in StackSettings.model_fields})
    told = rtmp.configuration(settings.model_copy(update={"data_dir": tmp_path}))
    assert "listen 0.0.0.0:1935;" in told
    assert "listen 0.0.0.0:1936;" in told
    api = services["api"]
    assert settings.rtmp_api_url == f"http://api:{api['ports'][0]['target']}"
    assert settings.rtmp_port == services["rtmp"]["ports"][0]["target"]
    assert api["environment"]["FRAMEWISE_RTMP_ADDRESS"] == f"127.0.0.1:{services['rtmp']['ports'][0]['published']}"
    assert {services[name]["environment"]["FRAMEWISE_RTMP_SERVER"] for name in ("api", "ingest", "rtmp")} == {"rtmp"}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_each_service_is_bounded_and_without_rights(services: dict[str, Any], name: str) -> None:
    service = services[name]
    assert int(service["deploy"]["resources"]["limits"]["memory"]) > 0
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"].split(":")[0] not in ("", "0", "root")
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert service.get("read_only", False) == (name in OURS)
    assert ("healthcheck" in service) == (name != "schema")


def test_images_are_pinned_to_the_versions_of_the_local_stack(services: dict[str, Any]) -> None:
    versions = {name: JAR_SETS[name].artifacts[0][2] for name in ("kafka", "cassandra")}
    assert services["kafka"]["image"] == f"apache/kafka:{versions['kafka']}"
    assert services["cassandra"]["image"] == f"cassandra:{versions['cassandra']}"
    assert re.search(r"^ARG PYTHON_IMAGE=python:3\.11\.\d+-slim-bookworm$", DOCKERFILE.read_text(), re.MULTILINE)


def test_each_waits_for_what_it_needs(services: dict[str, Any]) -> None:
    waits = {name: {k: v["condition"] for k, v in s.get("depends_on", {}).items()} for name, s in services.items()}
    assert waits["schema"] == {"kafka": "service_healthy", "cassandra": "service_healthy"}
    assert waits["worker"] == waits["worker-live"] == {"spark-master": "service_healthy"}
    done = {"schema": "service_completed_successfully"}
    assert waits["analysis"] == done | {"worker": "service_healthy"}
    assert waits["api"] == waits["ingest"] == done


def test_frames_are_on_a_volume_that_all_share(services: dict[str, Any]) -> None:
    for name in OURS:
        shared = {v["source"] for v in services[name]["volumes"] if v["target"] == "/data"}
        assert shared == {"data"}


def test_every_command_exists(services: dict[str, Any]) -> None:
    classes = {name for jar in pyspark_jars().glob("spark-core*.jar") for name in zipfile.ZipFile(jar).namelist()}
    for name in OURS:
        command = services[name]["command"]
        if command[0] == "python":
            assert importlib.util.find_spec(command[2]), command
        else:
            assert command[0] == "spark-class"
            assert f"{command[1].replace('.', '/')}.class" in classes


def test_kafka_has_the_settings_of_the_local_stack() -> None:
    lines = (CONF / "kafka.properties").read_text().splitlines()
    local = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    environment = merged(BASE)["kafka"]["environment"]
    network = {name for name, value in local.items() if "$" in value or "CONTROLLER" in value}
    for name in local.keys() - network:
        assert environment[f"KAFKA_{name.replace('.', '_').upper()}"] == local[name], name


def test_gpus_are_reserved_for_the_worker_alone() -> None:
    services = merged(BASE, GPU, FRAMEWISE_WORKERS="2")
    devices = {n: s["deploy"]["resources"].get("reservations", {}).get("devices") for n, s in services.items()}
    assert devices.pop("worker") == [{"driver": "nvidia", "count": -1, "capabilities": ["gpu"]}]
    assert set(devices.values()) == {None}
    assert services["worker"]["deploy"]["replicas"] == 1
    assert services["worker-live"]["deploy"]["replicas"] == 0
    assert "spark.worker.resource.gpu.amount=2" in services["worker"]["environment"]["SPARK_WORKER_OPTS"]
    assert services["analysis"]["environment"]["FRAMEWISE_GPU"] == "true"
    assert {services[name]["build"]["args"]["RUNTIME"] for name in OURS} == {"gpu"}
    assert {services[name]["image"] for name in OURS} == {"framewise:gpu"}


def test_a_mirror_is_mounted_read_only() -> None:
    mounts = {name: merged(BASE, MIRROR)[name]["volumes"] for name in ("worker", "worker-live", "analysis")}
    for volumes in mounts.values():
        assert {"type": "bind", "source": "/somewhere", "target": "/mirror", "read_only": True} in volumes


def copied() -> list[str]:
    """What the Dockerfile copies from the source tree."""
    found = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE.read_text(), re.MULTILINE)
    return list(itertools.chain.from_iterable(line.split()[:-1] for line in found))


@pytest.mark.parametrize("runtime", ["cpu", "gpu"])
def test_what_is_copied_exists_and_is_sent_to_the_engine(runtime: str) -> None:
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for source in copied():
        assert (ROOT / source.replace("${RUNTIME}", runtime)).exists(), source
        assert source.split("/")[0] in sent, source


def test_every_package_of_the_services_is_in_the_image() -> None:
    assert {"api", "inference", "ingest", "models", "pipeline", "spark_jobs", "stack", "clear_frames.py"} <= set(
        copied()
    )
    assert {"connectors", "framewise"} <= set(copied()), "of the doors"


def test_the_linter_has_nothing_to_say() -> None:
    command = [str(TOOLS / "hadolint"), "--no-color", "--failure-threshold", "style", str(DOCKERFILE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")
