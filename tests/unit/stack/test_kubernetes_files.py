"""The Kubernetes manifests, as far as they can be checked without a cluster: by kubectl, schemas and our settings."""

import importlib.util
import json
import subprocess
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.contracts.settings import (
    ROOT,
    AnalysisSettings,
    ApiSettings,
    CassandraSettings,
    ClusterSettings,
    KafkaSettings,
    PathSettings,
)
from pipeline.readiness import beat_file, ready_file
from stack.jars import CONF, JAR_SETS
from stack.settings import PREFIX
from tests.unit.stack import kubernetes
from tests.unit.stack.test_docker_files import SETTINGS

VERSION = "1.34"
FOLDERS = ("base", "servers", "gpu")
OURS = {"api", "ingest", "analysis", "rtmp", "schema"}
SECRETS = {"framewise-secrets", "framewise-rtmp"}


@pytest.fixture(scope="module")
def everything() -> list[dict[str, Any]]:
    return kubernetes.manifests("base", "servers")


@pytest.fixture(scope="module")
def specs(everything: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: pod["spec"] for name, pod in kubernetes.pods(everything).items()} | {
        "executor": kubernetes.executor()["spec"]
    }


def settings_of(everything: list[dict[str, Any]]) -> dict[str, Any]:
    return kubernetes.one(everything, "ConfigMap", "framewise-settings")


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_applied_keeps_to_the_schemas_of_kubernetes(tmp_path: Path, folder: str) -> None:
    file = tmp_path / "rendered.yaml"
    file.write_text(kubernetes.rendered(folder))
    if folder != "servers":
        pod = kubernetes.executor(folder)
        pod["metadata"]["name"] = "executor"  # Spark gives it
        (tmp_path / "executor.yaml").write_text(yaml.safe_dump(pod))
    checked = [str(path) for path in sorted(tmp_path.iterdir())]
    command = [kubernetes.tool("kubernetes-validate"), "--strict", "--quiet", "-k", VERSION, *checked]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("folder", ["base", "gpu"])
def test_every_variable_is_a_setting_that_its_reader_takes(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    found = kubernetes.manifests(folder)
    settings = settings_of(found)
    groups = (*SETTINGS, ClusterSettings)
    known = {PREFIX + name.upper() for group in groups for name in group.model_fields}
    for pod in kubernetes.pods(found).values():
        told = kubernetes.variables(settings, pod["spec"]["containers"][0])
        assert {name for name in told if name.startswith(PREFIX)} <= known
        with monkeypatch.context() as environment:
            for name, value in told.items():
                environment.setenv(name, value)
            for group in (
                PathSettings,
                KafkaSettings,
                CassandraSettings,
                ApiSettings,
                AnalysisSettings,
                ClusterSettings,
            ):
                group()


def test_commands_exist(specs: dict[str, dict[str, Any]]) -> None:
    for name in OURS:
        command = specs[name]["containers"][0]["command"]
        assert command[:2] == ["python", "-m"]
        assert importlib.util.find_spec(command[2]), command
    path = specs["executor"]["containers"][0]["command"][-1]
    assert (ROOT / path.removeprefix("/app/")).is_file()


def test_images_are_those_that_are_built_and_those_of_the_local_stack(specs: dict[str, dict[str, Any]]) -> None:
    assert {specs[name]["containers"][0]["image"] for name in OURS} == {"framewise:cpu"}
    for name in ("kafka", "cassandra"):
        version = JAR_SETS[name].artifacts[0][2]
        assert specs[name]["containers"][0]["image"].endswith(f"{name}:{version}")


@pytest.mark.parametrize(("folder", "image"), [("base", "framewise:cpu"), ("gpu", "framewise:gpu")])
def test_driver_and_executors_are_of_one_image(folder: str, image: str) -> None:
    found = kubernetes.manifests(folder)
    spark = kubernetes.one(found, "ConfigMap", "framewise-spark")["data"]
    defaults = dict(
        line.split(maxsplit=1) for line in spark["spark-defaults.conf"].splitlines() if line[:1] not in ("#", "")
    )
    template = yaml.safe_load(spark["executor.yaml"])["spec"]
    images = {part["image"] for part in (*template["containers"], *template["initContainers"])}
    driver = kubernetes.pods(found)["analysis"]["spec"]["containers"][0]
    assert images | {driver["image"], defaults["spark.kubernetes.container.image"]} == {image}
    assert defaults["spark.kubernetes.executor.podTemplateContainerName"] == template["containers"][0]["name"]
    assert defaults["spark.kubernetes.driver.pod.name"] == "analysis-0"
    mounted = {m["mountPath"] for m in driver["volumeMounts"]}
    assert str(Path(defaults["spark.kubernetes.executor.podTemplateFile"]).parent) in mounted


def test_nothing_has_rights_it_does_not_need(specs: dict[str, dict[str, Any]]) -> None:
    for name, spec in specs.items():
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec.get("automountServiceAccountToken", True) is (name == "analysis")
        for container in (*spec["containers"], *spec.get("initContainers", ())):
            rights = container["securityContext"]
            assert rights["allowPrivilegeEscalation"] is False
            assert rights["capabilities"] == {"drop": ["ALL"]}
            assert rights.get("readOnlyRootFilesystem", False) == (name not in ("kafka", "cassandra"))


def test_everything_is_bounded(specs: dict[str, dict[str, Any]]) -> None:
    for name, spec in specs.items():
        for container in spec["containers"]:
            if name != "executor":  # Spark says what an executor gets
                assert container["resources"]["limits"]["memory"]
                assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        for volume in spec.get("volumes", ()):
            assert "emptyDir" not in volume or volume["emptyDir"]["sizeLimit"], (name, volume)


def test_probes_ask_what_there_is(specs: dict[str, dict[str, Any]]) -> None:
    paths = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
    api = specs["api"]["containers"][0]
    assert {api[f"{kind}Probe"]["httpGet"]["path"] for kind in ("liveness", "readiness")} <= paths.keys()
    data = PathSettings(data_dir=Path("/data")).data_dir
    for name in ("ingest", "analysis"):
        container = specs[name]["containers"][0]
        assert str(ready_file(data, name)) in container["readinessProbe"]["exec"]["command"]
        assert str(beat_file(data, name)) in container["livenessProbe"]["exec"]["command"][-1]
    for name in specs.keys() - {"schema", "executor"}:
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= specs[name]["containers"][0].keys()


def test_ports_fit_together(everything: list[dict[str, Any]]) -> None:
    pods = kubernetes.pods(everything) | {"executor": kubernetes.executor()}
    ports = {
        name: {p["name"]: p["containerPort"] for p in pod["spec"]["containers"][0].get("ports", ())}
        for name, pod in pods.items()
    }
    for service in (m for m in everything if m["kind"] == "Service"):
        name = service["spec"]["selector"]["app.kubernetes.io/name"]
        assert all(port["targetPort"] in ports[name] for port in service["spec"]["ports"])
        assert all(port["port"] == ports[name][port["targetPort"]] for port in service["spec"]["ports"])
    open_to = {
        m["metadata"]["name"]: m["spec"]["ingress"]
        for m in everything
        if m["kind"] == "NetworkPolicy" and "ingress" in m["spec"]
    }
    for name, rules in open_to.items():
        reached = {port["port"] for rule in rules for port in rule["ports"]}
        assert reached <= set(ports["analysis" if name == "spark" else name].values()), name
    told = kubernetes.variables(settings_of(everything), pods["analysis"]["spec"]["containers"][0])
    driver = {told["FRAMEWISE_SPARK_DRIVER_PORT"], told["FRAMEWISE_SPARK_BLOCK_PORT"], told["FRAMEWISE_SPARK_UI_PORT"]}
    assert driver == {str(port) for port in ports["analysis"].values()}
    assert told["FRAMEWISE_RTMP_SERVER"] in ports
    rtmp = kubernetes.variables(settings_of(everything), pods["rtmp"]["spec"]["containers"][0])
    assert rtmp["FRAMEWISE_RTMP_API_URL"] == f"http://api:{ports['api']['http']}"


def test_the_servers_are_named_as_their_pods_are(everything: list[dict[str, Any]]) -> None:
    told = settings_of(everything)["data"]
    kafka, cassandra = (kubernetes.one(everything, "StatefulSet", name)["spec"] for name in ("kafka", "cassandra"))
    brokers = {f"kafka-{n}.kafka:19092" for n in range(kafka["replicas"])}
    assert set(told["FRAMEWISE_KAFKA_BOOTSTRAP"].split(",")) == brokers
    assert set(told["FRAMEWISE_CASSANDRA_HOSTS"].split(",")) == {
        f"cassandra-{n}.cassandra" for n in range(cassandra["replicas"])
    }
    environment = {v["name"]: v.get("value", "") for v in kafka["template"]["spec"]["containers"][0]["env"]}
    voters = ",".join(f"{n}@kafka-{n}.kafka:9093" for n in range(kafka["replicas"]))
    assert environment["KAFKA_CONTROLLER_QUORUM_VOTERS"] == voters
    copies = int(told["FRAMEWISE_REPLICATION_FACTOR"])
    assert 1 < int(environment["KAFKA_MIN_INSYNC_REPLICAS"]) < copies <= kafka["replicas"]
    assert int(told["FRAMEWISE_CASSANDRA_REPLICATION"]) <= cassandra["replicas"]


def test_kafka_has_the_settings_of_the_local_stack_but_for_copies(everything: list[dict[str, Any]]) -> None:
    lines = (CONF / "kafka.properties").read_text().splitlines()
    local = {f"KAFKA_{k.replace('.', '_').upper()}": v for k, v in (x.split("=", 1) for x in lines if "=" in x)}
    container = kubernetes.one(everything, "StatefulSet", "kafka")["spec"]["template"]["spec"]["containers"][0]
    here = {v["name"]: v["value"] for v in container["env"] if v["name"] in local}
    for name in (
        "MESSAGE_MAX_BYTES",
        "AUTO_CREATE_TOPICS_ENABLE",
        "LOG_SEGMENT_BYTES",
        "LOG_RETENTION_CHECK_INTERVAL_MS",
    ):
        assert here[f"KAFKA_{name}"] == local[f"KAFKA_{name}"]


def test_who_asks_the_servers_is_let_in(everything: list[dict[str, Any]]) -> None:
    pods = kubernetes.pods(everything) | {"executor": kubernetes.executor()}
    asking = {n for n, pod in pods.items() if pod["metadata"]["labels"].get("framewise/asks-servers") == "true"}
    assert asking == {"api", "ingest", "analysis", "executor", "schema"}
    for name, pod in pods.items():
        assert pod["metadata"]["labels"]["app.kubernetes.io/name"] == name


def test_what_has_several_pods_keeps_some_while_nodes_are_drained(everything: list[dict[str, Any]]) -> None:
    several = {m["metadata"]["name"] for m in everything if m.get("spec", {}).get("replicas", 1) > 1}
    budgets = {m["metadata"]["name"]: m["spec"] for m in everything if m["kind"] == "PodDisruptionBudget"}
    assert budgets.keys() == several
    for name, budget in budgets.items():
        assert budget["selector"]["matchLabels"] == {"app.kubernetes.io/name": name}


def test_secrets_are_referred_to_and_not_there(
    everything: list[dict[str, Any]], specs: dict[str, dict[str, Any]]
) -> None:
    assert not [m for m in everything if m["kind"] == "Secret"]
    parts = chain.from_iterable(spec["containers"] for spec in specs.values())
    named = {s["secretRef"]["name"] for part in parts for s in part.get("envFrom", ()) if "secretRef" in s}
    volumes = chain.from_iterable(spec.get("volumes", ()) for spec in specs.values())
    assert named | {v["secret"]["secretName"] for v in volumes if "secret" in v} == SECRETS


def test_an_executor_on_a_gpu_is_like_the_others() -> None:
    base, gpu = kubernetes.executor(), kubernetes.executor("gpu")
    assert gpu["spec"].pop("nodeSelector") == {"nvidia.com/gpu.present": "true"}
    assert gpu["spec"].pop("tolerations")[0]["key"] == "nvidia.com/gpu"
    assert json.loads(json.dumps(gpu).replace("framewise:gpu", "framewise:cpu")) == base


def test_each_gpu_has_an_executor_of_its_own() -> None:
    found = kubernetes.manifests("gpu")
    told = settings_of(found)["data"]
    options = dict(
        word.removeprefix("--conf=").split("=")
        for word in kubernetes.pods(found)["analysis"]["spec"]["containers"][0]["command"]
        if word.startswith("--conf=")
    )
    cores = int(told["FRAMEWISE_SPARK_EXECUTOR_CORES"])
    tasks = int(told["FRAMEWISE_WORKERS"]) + int(told["FRAMEWISE_LIVE_WORKERS"])
    assert tasks / cores == int(told["FRAMEWISE_WORKERS"]), "as many executors as GPUs"
    assert options["spark.executor.resource.gpu.amount"] == "1"
    assert float(options["spark.task.resource.gpu.amount"]) * cores == 1
