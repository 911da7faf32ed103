"""Owns the questions of `./run.sh doctor` that this machine answers by itself, without a server."""

import platform
import shutil
import subprocess
import sys

import av
import psutil
from av.codec import Codec

from pipeline.contracts.errors import StackError
from pipeline.contracts.settings import ROOT
from stack import rtmp
from stack.ports import busy, owner
from stack.preflight import find_java, gpu_names, java_version
from stack.services import chosen
from stack.settings import PREFIX, StackSettings
from stack.state import read_state

GB = 2**30
DISK_GB = 5.0
SERVERS_GB = 2.0
WORKER_GB = 0.8
"""Measured: Kafka, Cassandra, Spark and the services need the first, each worker with its models the second."""
DECODERS = ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mjpeg")
WEIGHTS_SECONDS = 600


def python() -> str:
    """The interpreter."""
    return f"{platform.python_version()} ({sys.prefix})"


def java(settings: StackSettings) -> str:
    """The java command that the servers get; raises StackError."""
    command = find_java(settings.java)
    return f"Java {java_version(str(command))} ({command})"


def gpu() -> str:
    """The GPUs; raises StackError where there is none."""
    if not (names := gpu_names()):
        raise StackError("`nvidia-smi -L` lists none")
    return "; ".join(names)


def ports(settings: StackSettings) -> str:
    """Whether each port is free or taken by the stack itself; raises StackError that names the others."""
    state = read_state(settings.state_file)
    ours = {p for s in state.services.values() for p in s.ports} if state and state.running else set()
    wanted = {name: int(getattr(settings, name)) for service in chosen(settings) for name in service.ports}
    used = {name: port for name, port in wanted.items() if port and busy(port)}
    if foreign := [f"{port}{owner(port)} ({PREFIX}{n.upper()})" for n, port in used.items() if port not in ours]:
        raise StackError(f"in use: {', '.join(foreign)}")
    return f"{len(wanted) - len(used)} free, {len(used)} used by the stack itself"


def disk(settings: StackSettings) -> str:
    """The space for frames, servers' data and caches; raises StackError where there is little."""
    folder = next(p for p in (settings.data_dir, *settings.data_dir.parents) if p.exists())
    free = shutil.disk_usage(folder).free / GB
    if free < DISK_GB:
        raise StackError(f"{free:.1f} GB free for {settings.data_dir}; {DISK_GB:.0f} GB are needed")
    return f"{free:.0f} GB free for {settings.data_dir}"


def memory(settings: StackSettings) -> str:
    """The memory for servers and workers; raises StackError where there is little. What runs already has its share."""
    free = psutil.virtual_memory().available / GB
    state = read_state(settings.state_file)
    needed = 0.0 if state and state.running else SERVERS_GB + WORKER_GB * settings.workers
    if free < needed:
        raise StackError(f"{free:.1f} GB available; {settings.workers} workers and the servers need {needed:.1f} GB")
    return f"{free:.1f} GB available, {settings.workers} workers"


def video_libraries() -> str:
    """FFmpeg's libraries in PyAV, with the usual decoders; raises StackError where one is missing."""
    missing = [name for name in DECODERS if not _has_decoder(name)]
    if missing:
        raise StackError(f"PyAV {av.__version__} has no decoder for {', '.join(missing)}")
    codec = ".".join(map(str, av.library_versions["libavcodec"]))
    return f"PyAV {av.__version__}, libavcodec {codec}, {len(DECODERS)} usual decoders"


def _has_decoder(name: str) -> bool:
    try:
        return Codec(name, "r").is_decoder
    except av.codec.codec.UnknownCodecError:
        return False


def rtmp_server() -> str:
    """Whether streams can be published to this machine; all else works without."""
    return f"not installed: {reason}; all else works without it" if (reason := rtmp.missing()) else "nginx with RTMP"


def weights() -> str:
    """Fetch and verify the models' weights; raises StackError where a task has no model."""
    command = [sys.executable, "-m", "inference.fetch", "--all"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WEIGHTS_SECONDS, check=False)
    said = [line for line in done.stderr.splitlines() if line.strip()]
    if done.returncode:
        raise StackError("\n".join(said[-6:]) or f"the fetch ended with status {done.returncode}")
    verified = sum(": verified, " in line for line in said)
    second = f"; {said[-1]}" if said and ": verified, " not in said[-1] else ""
    return f"{verified} models verified{second}"
