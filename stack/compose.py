"""Owns finding Docker Compose and its engine. Standard library only, as `stack/docker.py`."""

import re
import shutil
import subprocess

from pipeline.contracts.errors import StackError

OLDEST = (2, 20)
"""Health checks that are asked more often at the start came with it."""
ASK_SECONDS = 30.0


def find_compose() -> list[str]:
    """The command of Docker Compose, as a plugin or by itself, with an engine that answers. Raises StackError."""
    tried = []
    for command in (["docker", "compose"], ["docker-compose"]):
        version, said = _version(command)
        if version >= OLDEST:
            _check_engine(command)
            return command
        tried.append(f"`{' '.join(command)}`: {said}")
    raise StackError(
        f"Docker Compose {'.'.join(map(str, OLDEST))} or newer is needed, but was not found ({'; '.join(tried)}). "
        "Install Docker Engine with its Compose plugin (https://docs.docker.com/engine/install/), or leave out "
        "--docker: ./run.sh starts the same without containers."
    )


def _version(command: list[str]) -> tuple[tuple[int, ...], str]:
    """Major and minor version, and what was found in words; (0,) where it does not run."""
    if not shutil.which(command[0]):
        return (0,), f"there is no command {command[0]}"
    status, said = _ask([*command, "version"])
    found = re.search(r"version v?(\d+)\.(\d+)", said)
    if status or not found:
        return (0,), (said.splitlines() or ["says nothing"])[0]
    return (int(found[1]), int(found[2])), said


def _check_engine(compose: list[str]) -> None:
    status, said = _ask([*compose, "ls", "--quiet"])
    if status:
        raise StackError(
            f"`{' '.join(compose)}` is there, but no engine answers it: {said[-300:]}. Start it (on Linux: "
            "sudo systemctl start docker) and have leave to use it (group docker), or leave out --docker."
        )


def _ask(command: list[str]) -> tuple[int, str]:
    """Exit status and output of a question."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ASK_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as e:
        return 1, str(e)
    return done.returncode, (done.stdout if done.returncode == 0 else done.stderr or done.stdout).strip()
