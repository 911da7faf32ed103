"""Owns the command line that `./run.sh` hands over to."""

import argparse
import io
import os
import signal
import sys
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console

from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.settings import wrong_settings
from pipeline.kafka.dead_letters import DeadLetters
from stack import commands, cqlsh, dead_letters, demo, doctor, keys, report, tools, workers
from stack.running import kafka_of
from stack.settings import PREFIX, StackSettings

PASSED_ON = ("kafka", "cqlsh", "keys")
"""What comes after these is for the tool, to the last word."""


def parser() -> argparse.ArgumentParser:
    """The commands and their options; without a command, `up`."""
    shared = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument("--workers", type=int, metavar="N", help="Spark workers (default: one a core)")
    shared.add_argument("--with", action="append", dest="doors", metavar="NAME", help="a door: aws, camera, edge, mqtt")
    shared.add_argument("--gpu", action="store_true", help="use the GPU; refused where there is none")
    top = argparse.ArgumentParser(prog="run.sh", parents=[shared])
    found = top.add_subparsers(dest="command", metavar="command")
    found.add_parser("up", parents=[shared], help="start everything in the background (the default)")
    demo = found.add_parser("demo", parents=[shared], help="start everything and analyse a video")
    demo.add_argument("source", nargs="?", metavar="URL|FILE", help="the video; a sample when left out")
    found.add_parser("down", help="stop what was started here")
    found.add_parser("status", help="show the services")
    number = found.add_parser("workers", help="how many workers there are; have another number, while it runs")
    number.add_argument("number", nargs="?", type=int, metavar="N")
    logs = found.add_parser("logs", help="show the logs")
    logs.add_argument("service", nargs="?", default="")
    logs.add_argument("-f", "--follow", action="store_true", help="wait for more")
    logs.add_argument("-n", "--lines", type=int, default=50, metavar="N", help="lines of each log (default: 50)")
    found.add_parser("doctor", parents=[shared], help="check this machine and the servers")
    letters = found.add_parser("dead-letters", help="records that were set aside: list them, or send them again")
    letters.add_argument("action", nargs="?", choices=("list", "replay"), default="list")
    letters.add_argument("names", nargs="*", metavar="RECORD", help="those to replay, as listed; all when left out")
    letters.add_argument("-n", "--newest", type=int, default=100, metavar="N", help="of the newest N (default: 100)")
    found.add_parser("kafka", help="Kafka's own tools: kafka TOOL [ARGS…]; without a tool, their names")
    found.add_parser("cqlsh", help="Cassandra's own shell: cqlsh [ARGS…]")
    found.add_parser("keys", add_help=False, help="API keys: keys create --name NAME | list | share ID N | revoke ID")
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status."""
    called_from = Path(os.environ.pop("FRAMEWISE_CALLED_FROM", ".")).absolute()
    words = sys.argv[1:] if arguments is None else arguments
    passed_on = words[1:] if words[:1] and words[0] in PASSED_ON else []
    options = parser().parse_args(words[:1] if passed_on else words)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # progress and logs are read while they come, in a pipe too
    if getattr(options, "source", None) and "://" not in options.source:
        options.source = str(called_from / options.source)
    if hasattr(options, "doors"):
        os.environ[f"{PREFIX}DOORS"] = ",".join(sorted({*options.doors}))
    for name in ("workers", "gpu"):
        if hasattr(options, name):
            os.environ[PREFIX + name.upper()] = str(getattr(options, name)).lower()
    console, errors = Console(), Console(stderr=True)
    try:
        settings = StackSettings()
        if options.command in PASSED_ON:
            return _pass_on(options.command, passed_on, settings, console, called_from)
        return _run(options, settings, console)
    except ValidationError as error:
        errors.print(f"error: {wrong_settings(error)}", style="red", markup=False, soft_wrap=True)
    except FramewiseError as error:
        errors.print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
    except KeyboardInterrupt:
        errors.print("interrupted", style="red")
        return 128 + signal.SIGINT
    return 1


def _pass_on(command: str, words: list[str], settings: StackSettings, console: Console, called_from: Path) -> int:
    """Become the tool, in the folder of the shell: files are named from there."""
    if command == "kafka" and not words:
        tools.show_tools(console)
        return 0
    os.chdir(called_from)
    if command == "kafka":
        tools.become_tool(settings, words[0], words[1:])
    elif command == "keys":
        keys.become_keys(settings, words)
    else:
        cqlsh.become_cqlsh(settings, words)
    return 1


def _run(options: argparse.Namespace, settings: StackSettings, console: Console) -> int:
    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    match options.command or "up":
        case "down":
            say("stopped" if commands.down(settings, say) else "nothing was running")
            return 0
        case "status":
            return report.show_status(settings, console)
        case "workers" if options.number is None:
            return workers.show(settings, say)
        case "workers":
            return workers.change(settings, options.number, say)
        case "logs":
            return report.show_logs(settings, console, options.service, options.lines, options.follow)
        case "demo":
            commands.up(settings, say)
            status = demo.run(settings, options.source, console)
            say("Framewise is still running. Stop it with: ./run.sh down")
            return status
        case "dead-letters":
            letters = DeadLetters(kafka_of(settings))
            if options.action == "list":
                return dead_letters.show(letters, console, options.newest)
            return dead_letters.replay(letters, console, options.names, options.newest)
        case "doctor":
            return doctor.run(settings, console)
    commands.up(settings, say)
    say("Framewise is ready:")
    report.show_addresses(settings, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
