"""The agent as it is installed at the edge: from the wheel, without Spark, TensorFlow and Kafka, in little memory."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.edge.messages import Message
from connectors.edge.passing import Inlet, Receipt
from connectors.edge.session import Session
from pipeline.contracts.settings import ROOT, PathSettings
from tests.integration.samples import media, model
from tests.mosquitto import MISSING, broker
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(MISSING), reason=f"no broker: {MISSING}")]

SOURCES = ("connectors", "framewise", "inference", "models", "pipeline", "pyproject.toml", "README.md", "LICENSE")
HEAVY = {"pyspark", "tensorflow", "tensorflow-cpu", "keras", "kafka-python", "cassandra-driver", "fastapi", "pandas"}
MOST_MEMORY = 200_000_000


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment with the wheel and its extra `edge`."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    tree.mkdir()
    for name in SOURCES:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tree / name)
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    pip: list[str | Path] = [folder / "venv" / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", folder, tree], check=True)
    wheel = next(folder.glob("framewise-*.whl"))
    subprocess.run([*pip, "install", "-c", _pins(folder), f"{wheel}[edge]"], check=True)
    return folder / "venv" / "bin"


def _pins(folder: Path) -> Path:
    """The versions of the lock."""
    lines = (ROOT / "requirements" / "edge.lock").read_text().splitlines()
    pins = folder / "pins.txt"
    pins.write_text("\n".join(line.rstrip("\\ ") for line in lines if "==" in line and not line.startswith((" ", "#"))))
    return pins


@pytest.mark.timeout(900)
def test_its_packages_are_few(installed: Path) -> None:
    listed = subprocess.run(
        [installed / "python", "-m", "pip", "list", "--format=freeze"], check=True, capture_output=True, text=True
    ).stdout
    names = {line.partition("==")[0].lower() for line in listed.splitlines()}
    assert not names & HEAVY
    assert {"framewise", "paho-mqtt", "onnxruntime", "opencv-python-headless", "edgefirst-tracker"} <= names
    assert len(names) <= 40, sorted(names)


@pytest.mark.timeout(900)
def test_it_runs_on_full_hd_in_less_than_200_megabytes(installed: Path, tmp_path: Path) -> None:
    model("yunet_n")
    clip = tmp_path / "full-hd.mp4"
    command: list[str | Path] = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        media("video", "face-demographics-walking-and-pause_fromgif.mp4"),
    ]
    command += ["-vf", "scale=1920:1080", "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", clip]
    subprocess.run(command, check=True)
    paths = PathSettings()
    own = {k: v for k, v in os.environ.items() if not k.startswith(("FRAMEWISE_", "PYTHON"))}
    cached = tmp_path / "data" / "cache"
    cached.mkdir(parents=True)
    (cached / "models").symlink_to(paths.weights_dir)
    with broker(tmp_path / "broker") as local:
        came: list[Message] = []

        def hear(message: Message, receipt: Receipt) -> bool:
            came.append(message)
            receipt.give()
            return True

        far = Session(local.settings(), "far")
        far.listen(Inlet(("framewise/+/+/faces",), hear))
        far.start()
        wait_until(lambda: far.ready)
        process = subprocess.Popen(
            [installed / "framewise-edge", "--broker", local.url, "--source", clip, "--confirm", "broker"],
            cwd=tmp_path,
            env=own | {"FRAMEWISE_DATA_DIR": str(tmp_path / "data"), "FRAMEWISE_MIRROR": str(paths.mirror or "")},
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        far.stop()
    assert process.returncode == 0
    assert 3 <= len(came) <= 9
    assert used.ru_maxrss * 1024 < MOST_MEMORY, f"{used.ru_maxrss} KiB"
    print(f"peak memory {used.ru_maxrss} KiB")  # noqa: T201 - the figure of the docs
