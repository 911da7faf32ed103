"""Owns `./run.sh --docker …`: the same services in containers, by Docker Compose.

It runs without a virtual environment: standard library only.
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.contracts.errors import StackError
from stack.compose import ASK_SECONDS, find_compose
from stack.preflight import check_gpu, gpu_names

ROOT = Path(__file__).resolve().parents[1]
UP_SECONDS = 7200.0
READY_SECONDS = 900
STOP_SECONDS = 300.0
LAST = ("api", "ingest", "analysis")
"""What is up last: all else is waited for on the way."""


def parser() -> argparse.ArgumentParser:
    """The commands and their options; without a command, `up`."""
    top = argparse.ArgumentParser(prog="run.sh --docker")
    top.add_argument("command", nargs="?", choices=("up", "down", "status", "logs", "workers"), default="up")
    top.add_argument("service", nargs="?", default="", help="of `logs`: all when left out; of `workers`: how many")
    top.add_argument("--docker", action="store_true", help=argparse.SUPPRESS)
    top.add_argument("--gpu", action="store_true", help="use NVIDIA GPUs; refused where there are none")
    top.add_argument("--workers", type=int, metavar="N", help="Spark workers (default: one a core, or one a GPU)")
    top.add_argument("-f", "--follow", action="store_true", help="of `logs`: wait for more")
    top.add_argument("-n", "--lines", type=int, default=50, metavar="N", help="of `logs`: lines of each (default: 50)")
    return top


def files(gpu: bool, mirror: str) -> list[str]:
    """The Compose files, as options."""
    names = ["docker-compose.yml"]
    names += ["docker-compose.gpu.yml"] if gpu else []
    names += ["docker-compose.mirror.yml"] if mirror else []
    return [word for name in names for word in ("--file", str(ROOT / name))]


def workers_of(options: argparse.Namespace) -> int:
    """How many Python workers run models. Raises StackError."""
    said = str(options.workers if options.workers is not None else os.environ.get("FRAMEWISE_WORKERS", ""))
    if said and not re.fullmatch(r"[1-9]\d{0,3}", said):
        raise StackError(f"--workers or FRAMEWISE_WORKERS is {said}, but must be a number from 1 on")
    return int(said) if said else max(1, len(gpu_names()) if options.gpu else os.cpu_count() or 1)


def up(compose: list[str], options: argparse.Namespace, workers: int) -> int:
    """Build and start everything, and wait until it is ready; the exit status."""
    # GPUs are dealt out by one Spark worker that has them all.
    scale = f"worker={1 if options.gpu else workers}"
    print("Starting; the first time the images are built and fetched, which takes a while", flush=True)  # noqa: T201
    started = _run([*compose, "up", "--detach", "--build", "--scale", scale], workers, UP_SECONDS)
    ready = started or _run(
        [
            *compose,
            "up",
            "--detach",
            "--no-deps",
            "--no-recreate",
            "--wait",
            "--wait-timeout",
            str(READY_SECONDS),
            *LAST,
        ],
        workers,
        READY_SECONDS + ASK_SECONDS,
    )
    if ready:
        raise StackError("not everything is ready; see ./run.sh --docker status and ./run.sh --docker logs")
    print("Framewise is ready:", *addresses(), sep="\n  ")  # noqa: T201
    return 0


def addresses() -> list[str]:
    """What is where, for a person."""

    def port(name: str, default: int) -> str:
        return os.environ.get(f"FRAMEWISE_{name}_PORT") or str(default)

    return [
        f"API            http://127.0.0.1:{port('API', 8000)}",
        f"API reference  http://127.0.0.1:{port('API', 8000)}/docs",
        f"Spark          http://127.0.0.1:{port('SPARK_UI', 4040)}",
        f"Kafka          127.0.0.1:{port('KAFKA', 9092)}",
        f"Cassandra      127.0.0.1:{port('CASSANDRA', 9042)}",
    ]


def _run(command: list[str], workers: int, seconds: float | None) -> int:
    """Run Compose with its output where ours goes."""
    environment = os.environ | {"FRAMEWISE_WORKERS": str(workers)}
    try:
        return subprocess.run(command, env=environment, cwd=ROOT, timeout=seconds, check=False).returncode
    except subprocess.TimeoutExpired as e:
        raise StackError(f"`{' '.join(command[:4])} …` took longer than {e.timeout:.0f} s and was ended") from e


def run(options: argparse.Namespace) -> int:
    """Do what is asked; the exit status. Raises StackError."""
    if options.service and options.command not in ("logs", "workers"):
        raise StackError(f"`{options.command}` takes no {options.service}; it is for all services")
    if options.gpu and options.command == "up":
        check_gpu()
    workers = workers_of(options)
    compose = [*find_compose(), *files(options.gpu, os.environ.get("FRAMEWISE_MIRROR", ""))]
    match options.command:
        case "down":
            status = _run([*compose, "down"], workers, STOP_SECONDS)
            print("What was stored is kept in volumes; `docker compose down --volumes` removes it.")  # noqa: T201
            return status
        case "status":
            return _run([*compose, "ps", "--all"], workers, ASK_SECONDS)
        case "logs":
            service = [options.service] if options.service else []
            follow = ["--follow"] if options.follow else []
            return _run([*compose, "logs", "--tail", str(options.lines), *follow, *service], workers, None)
        case "workers":
            return change_workers(compose, options)
    return up(compose, options, workers)


def change_workers(compose: list[str], options: argparse.Namespace) -> int:
    """Have so many workers while all else runs: the analysis is asked first, so that none ends in its work."""
    if options.gpu:
        raise StackError("there is one worker a GPU; their number cannot be changed")
    if not re.fullmatch(r"[1-9]\d{0,3}", options.service):
        raise StackError(f"how many workers? {options.service or 'nothing'} is no number from 1 on")
    number = int(options.service)
    asked = _run(
        [*compose, "exec", "--no-TTY", "analysis", "python", "-m", "spark_jobs.asking", str(number)],
        number,
        ASK_SECONDS,
    )
    scaled = ["up", "--detach", "--no-deps", "--no-recreate", "--scale", f"worker={number}", "worker"]
    return asked or _run([*compose, *scaled], number, READY_SECONDS)


def main(arguments: Sequence[str]) -> int:
    """Run one command; its exit status."""
    try:
        return run(parser().parse_args(arguments))
    except StackError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
