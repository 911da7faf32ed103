"""Owns the CQL shell over the local stack: `./run.sh cqlsh [ARGS…]`.

The shell is Cassandra's own. It is a package that nothing else here needs, so it has a virtual environment to itself,
made on first use from a lock of its own.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.contracts.errors import StackError
from pipeline.contracts.settings import ROOT
from stack.running import running
from stack.settings import HOST, StackSettings

LOCK = ROOT / "requirements" / "cqlsh.lock"
INSTALL_SECONDS = 600
NEEDS_NO_SERVER = ("-h", "--help", "--version")


def ensure_cqlsh(folder: Path, lock: Path = LOCK) -> Path:
    """The shell's environment, installed in `folder` where it is not yet. Raises StackError."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "installing").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # it goes with its holder, who has a limit
        venv, stamp = folder / "venv", folder / "installed.lock"
        whole = (venv / "bin" / "cqlsh").is_file() and stamp.is_file()
        if not whole or stamp.read_bytes() != lock.read_bytes():
            sys.stderr.write("installing cqlsh (first time only)\n")
            shutil.rmtree(venv, ignore_errors=True)
            _run([sys.executable, "-m", "venv", str(venv)])
            pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            _run([*pip, "--no-input", "--require-hashes", "-r", str(lock)])
            shutil.copyfile(lock, stamp)
    return venv


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired as e:
        raise StackError(f"cqlsh was not installed within {INSTALL_SECONDS // 60} minutes; try again") from e
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-800:]
        raise StackError(f"cqlsh cannot be installed; is the network there?\n{said}")


def address(settings: StackSettings, arguments: Sequence[str]) -> dict[str, str]:
    """The variables by which the shell finds the server. Raises StackError where none runs and none is named."""
    if "CQLSH_HOST" in os.environ or any(word in NEEDS_NO_SERVER for word in arguments):
        return {}
    found = running(settings, "cassandra")
    if found is None:
        raise StackError("Cassandra does not run here: start it with ./run.sh, or name another by CQLSH_HOST")
    return {"CQLSH_HOST": HOST, "CQLSH_PORT": str(found.cassandra_port)}


def become_cqlsh(settings: StackSettings, arguments: Sequence[str]) -> None:
    """Run the shell in place of this process; never returns but by StackError."""
    variables = address(settings, arguments)
    # The environment may be reached by another path than the one it was made by, which its scripts begin with.
    folder = ensure_cqlsh(settings.data_dir / "cache" / "cqlsh") / "bin"
    command = [str(folder / "python"), str(folder / "cqlsh"), *arguments]
    # PYTHONPATH names our tree, in which the shell has nothing to look for.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | variables
    os.execve(command[0], command, environment)
