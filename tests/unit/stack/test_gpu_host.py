"""What `docker/gpu.sh` does to a host: commands that only note how they were called, and a file system of its own."""

import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.contracts.settings import ROOT

SCRIPT = ROOT / "docker" / "gpu.sh"
REAL = ("bash", "cat", "cksum", "cp", "dirname", "env", "head", "mkdir", "mktemp", "mv", "rm", "sed", "sort", "tail")
DEBIAN = 'ID=debian\nPRETTY_NAME="Debian 12"\n'
FEDORA = 'ID=rocky\nID_LIKE="rhel centos fedora"\nPRETTY_NAME="Rocky Linux 9"\n'
LIST = "deb https://nvidia.github.io/libnvidia-container/stable/deb/$(ARCH) /"


class Host:
    """A machine: commands on its PATH, its files, and what was run."""

    def __init__(self, folder: Path, release: str, driver: str = "580.95.05") -> None:
        self.root, self._bin, self._calls = folder / "root", folder / "bin", folder / "calls"
        (self.root / "etc").mkdir(parents=True)
        (self.root / "etc" / "os-release").write_text(release)
        self._bin.mkdir()
        for name in REAL:
            (self._bin / name).symlink_to(shutil.which(name) or name)
        self.command("id", "echo 0")
        self.command("nvidia-smi", f"echo {driver}")
        self.command("systemctl")
        self.command("service")
        # The last word of `--output FILE URL` is the address; what is fetched is a list or a key.
        self.command("curl", f"""while [ "$1" != --output ]; do shift; done; echo '{LIST}' > "$2" """)
        self.command("gpg", """while [ "$1" != --output ]; do shift; done; cp "$3" "$2" """)
        for name in ("apt-get", "dnf"):
            self.command(
                name, f'case "$*" in *nvidia-container-toolkit*) cp "{self._bin}/ctk" "{self._bin}/nvidia-ctk";; esac'
            )
        self.command("ctk", f"mkdir -p '{self.root}/etc/docker'; echo nvidia > '{self.root}/etc/docker/daemon.json'")

    def command(self, name: str, does: str = ":") -> None:
        file = self._bin / name
        file.unlink(missing_ok=True)
        file.write_text(f'#!/bin/bash\necho "{name} $*" >> "{self._calls}"\n{does}\n')
        file.chmod(file.stat().st_mode | stat.S_IXUSR)

    def without(self, name: str) -> None:
        (self._bin / name).unlink()

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        self._calls.unlink(missing_ok=True)
        environment = {"PATH": str(self._bin), "FRAMEWISE_HOST_ROOT": str(self.root)}
        command = [shutil.which("bash") or "bash", str(SCRIPT), *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    def calls(self, *names: str) -> list[str]:
        found = self._calls.read_text().splitlines() if self._calls.exists() else []
        return [call for call in found if call.split()[0] in names]

    def files(self) -> set[str]:
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()}


@pytest.fixture
def debian(tmp_path: Path) -> Host:
    host = Host(tmp_path, DEBIAN)
    host.command("docker")
    return host


CHANGING = ("apt-get", "dnf", "curl", "gpg", "nvidia-ctk", "systemctl", "service", "docker")


def test_a_host_with_apt_gets_the_toolkit_and_docker_is_told_once(debian: Host) -> None:
    done = debian.run()
    assert done.returncode == 0, done.stderr
    assert "apt-get install --yes nvidia-container-toolkit" in debian.calls("apt-get")
    written = (debian.root / "etc/apt/sources.list.d/nvidia-container-toolkit.list").read_text()
    assert written.startswith("deb [signed-by=/usr/share/keyrings/nvidia-container-toolkit-keyring.gpg] https://")
    assert (debian.root / "usr/share/keyrings/nvidia-container-toolkit-keyring.gpg").stat().st_size > 0
    assert debian.calls("systemctl", "service") == ["systemctl restart docker"]
    assert debian.calls("docker") == ["docker run --rm --gpus all debian:bookworm-slim nvidia-smi -L"]
    again = debian.run()
    assert again.returncode == 0, again.stderr
    assert debian.calls("apt-get", "curl", "gpg", "systemctl", "service") == []
    assert "it is not restarted" in again.stdout


def test_a_host_with_dnf_takes_nvidias_own_list(tmp_path: Path) -> None:
    host = Host(tmp_path, FEDORA)
    host.command("docker")
    done = host.run()
    assert done.returncode == 0, done.stderr
    assert "dnf install --assumeyes nvidia-container-toolkit" in host.calls("dnf")
    assert host.calls("apt-get", "gpg") == []
    assert any(call.endswith("/stable/rpm/nvidia-container-toolkit.repo") for call in host.calls("curl"))


def test_a_dry_run_shows_everything_and_changes_nothing(debian: Host) -> None:
    debian.command("id", "echo 1000")
    before = debian.files()
    done = debian.run("--dry-run")
    assert done.returncode == 0, done.stderr
    assert debian.calls(*CHANGING) == []
    assert debian.files() == before
    for step in (
        "apt-get install --yes nvidia-container-toolkit",
        "nvidia-ctk runtime configure",
        "docker run --rm --gpus all",
    ):
        assert f"would run: {step}" in done.stdout
    assert "would restart Docker if" in done.stdout


def test_without_docker_the_toolkit_is_all(debian: Host) -> None:
    debian.without("docker")
    done = debian.run()
    assert done.returncode == 0, done.stderr
    assert "Docker is not installed" in done.stdout
    assert debian.calls("systemctl", "service") == []


def test_without_systemd_docker_is_restarted_all_the_same(debian: Host) -> None:
    debian.without("systemctl")
    assert debian.run().returncode == 0
    assert debian.calls("service") == ["service docker restart"]


def refused(host: Host, *words: str) -> str:
    """What it says; nothing may have been changed."""
    done = host.run(*words)
    assert done.returncode == 1, done.stdout
    assert host.calls(*CHANGING) == []
    return done.stderr


def test_only_root_may(debian: Host) -> None:
    debian.command("id", "echo 1000")
    assert "run it as root" in refused(debian)


def test_a_driver_must_be_there(debian: Host) -> None:
    debian.without("nvidia-smi")
    assert "driver is not installed" in refused(debian)


def test_a_driver_must_answer(debian: Host) -> None:
    debian.command("nvidia-smi", "exit 9")
    assert "does not answer" in refused(debian)


@pytest.mark.parametrize("version", ["535.183.01", "580.65.05"])
def test_a_driver_must_be_new_enough_for_the_cuda_of_the_lock(tmp_path: Path, version: str) -> None:
    assert re.search(r"^nvidia-cuda-runtime==13\.", (ROOT / "requirements" / "gpu.lock").read_text(), re.MULTILINE)
    said = refused(Host(tmp_path, DEBIAN, driver=version))
    assert f"driver {version} is too old for CUDA 13" in said
    assert "580.65.06 is needed" in said


def test_a_newer_driver_is_as_good(tmp_path: Path) -> None:
    assert Host(tmp_path, DEBIAN, driver="1000.1").run("--dry-run").returncode == 0


def test_another_linux_is_told_what_to_do(tmp_path: Path) -> None:
    assert "Alpine has neither apt nor dnf" in refused(Host(tmp_path, 'ID=alpine\nPRETTY_NAME="Alpine"\n'))


def test_what_cannot_be_fetched_is_said(debian: Host) -> None:
    debian.command("curl", "exit 6")
    done = debian.run()
    assert done.returncode == 1
    assert "gpgkey cannot be fetched" in done.stderr
    assert not (debian.root / "usr/share/keyrings/nvidia-container-toolkit-keyring.gpg").exists()


def test_a_container_that_sees_no_gpu_is_an_error(debian: Host) -> None:
    debian.command("docker", "exit 125")
    done = debian.run()
    assert done.returncode == 1
    assert "a container sees no GPU" in done.stderr


def test_an_unknown_option_is_refused(debian: Host) -> None:
    assert "unknown option: --dryrun" in refused(debian, "--dryrun")


def test_the_linter_has_nothing_to_say() -> None:
    command = [str(Path(sys.executable).parent / "shellcheck"), "--color=never", str(SCRIPT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")
