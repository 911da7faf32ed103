"""The Kubernetes manifests as kubectl puts them together; no cluster is needed."""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.contracts.settings import ROOT

FOLDER = ROOT / "docker" / "kubernetes"
WORKLOADS = ("Deployment", "StatefulSet", "Job")
Manifest = dict[str, Any]


def tool(name: str) -> str:
    """A command of the development packages."""
    found = shutil.which(name, path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))
    if found is None:
        pytest.skip(f"{name} is not installed; it comes with the development packages for Linux")
    return found


@functools.cache
def rendered(name: str) -> str:
    """All manifests of a folder, as they would be applied."""
    command = [tool("kubectl"), "kustomize", str(FOLDER / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def manifests(*names: str) -> list[Manifest]:
    """The same as values."""
    return [manifest for name in names for manifest in yaml.safe_load_all(rendered(name))]


def one(found: list[Manifest], kind: str, name: str) -> Manifest:
    """The manifest of a kind and name."""
    return next(m for m in found if (m["kind"], m["metadata"]["name"]) == (kind, name))


def executor(folder: str = "base") -> Manifest:
    """The template of the executors' pods."""
    file = "spark/executor.yaml" if folder == "base" else "executor.yaml"
    pod: Manifest = yaml.safe_load((FOLDER / folder / file).read_text())
    return pod


def pods(found: list[Manifest]) -> dict[str, Manifest]:
    """Labels and specification of the pods, by the name of what makes them."""
    return {m["metadata"]["name"]: m["spec"]["template"] for m in found if m["kind"] in WORKLOADS}


def variables(settings: Manifest, container: Manifest) -> dict[str, str]:
    """What a container is told, without what only its node knows."""
    own = {v["name"]: v["value"] for v in container.get("env", ()) if "value" in v}
    return {**settings["data"], **own} if "envFrom" in container else own
