"""Owns what must be there before anything is installed or started: Java, and a GPU where one is asked for.

`run.sh` runs it before the virtual environment exists: standard library only.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from pipeline.contracts.errors import StackError

JAVA_VERSIONS = range(17, 22)
GPU_FOLDER = Path("/proc/driver/nvidia/gpus")


def java_version(command: str) -> int | None:
    """The major version of a java command, or None where it does not run."""
    try:
        done = subprocess.run([command, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    return int(found[1]) if found and done.returncode == 0 else None


def find_java(asked: str = "") -> Path:
    """The java command to use, with links resolved.

    Raises StackError where no Java 17–21 is found; a command that is asked for is the only one tried.
    """
    tried: dict[str, int | None] = {}
    for command in [asked] if asked else _java_commands():
        if command not in tried:
            tried[command] = java_version(command)
            if tried[command] in JAVA_VERSIONS:
                return Path(shutil.which(command) or command).resolve()
    seen = "; ".join(f"{command} is {f'Java {v}' if v else 'not usable'}" for command, v in tried.items())
    raise StackError(
        f"Java 17 is needed, but was not found ({seen or 'there is no java command'}). Install it, for example "
        "`apt install openjdk-17-jre-headless` or `brew install openjdk@17`, or name one: JAVA_HOME=/path/to/jdk."
    )


def _java_commands() -> Iterator[str]:
    if home := os.environ.get("JAVA_HOME"):
        yield str(Path(home) / "bin" / "java")
    if path := shutil.which("java"):
        yield path
    for folder in ("/usr/lib/jvm", "/opt/homebrew/opt", "/usr/local/opt"):
        yield from (str(found) for found in sorted(Path(folder).glob("*17*/bin/java")))


def gpu_names() -> tuple[str, ...]:
    """The NVIDIA GPUs that this machine's driver offers."""
    for command in ("nvidia-smi", "/usr/lib/wsl/lib/nvidia-smi"):
        try:
            done = subprocess.run([command, "-L"], capture_output=True, text=True, timeout=30, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        names = tuple(line.strip() for line in done.stdout.splitlines() if line.startswith("GPU "))
        if done.returncode == 0 and names:
            return names
    return tuple(sorted(p.name for p in GPU_FOLDER.iterdir())) if GPU_FOLDER.is_dir() else ()


def check_gpu() -> None:
    """Raise StackError unless there is a GPU."""
    if not gpu_names():
        raise StackError(
            "--gpu was asked for, but no NVIDIA GPU answers here (`nvidia-smi -L` lists none). Nothing was installed "
            "or started. Install NVIDIA's driver and check with `nvidia-smi`, or leave out --gpu to use the CPU."
        )


def main(arguments: list[str]) -> int:
    """Check this machine; 0, or 1 after saying what is missing."""
    try:
        if "--gpu" in arguments:
            check_gpu()
        find_java(os.environ.get("FRAMEWISE_JAVA", ""))
    except StackError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
