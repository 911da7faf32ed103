"""Owns the command line of keys: `python -m api.keys create|list|share|revoke`."""

import argparse
import sys

from pydantic import ValidationError
from rich.console import Console

from api.keys import commands
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.keys import CassandraKeyStore
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.settings import CassandraSettings, wrong_settings
from pipeline.stores.keys import KeyStore, Scope

NAME_LENGTH = 100
MOST = 2**31 - 1
MOST_SHARE = 1000


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="keys", description="API keys of this service.")
    found = top.add_subparsers(dest="command", metavar="command", required=True)
    make = found.add_parser("create", help="make a key and show it, this once")
    make.add_argument("--name", required=True, type=_name, help="whose or what for; a label for people")
    make.add_argument(
        "--scopes",
        type=_scopes,
        default=(Scope.READ, Scope.SUBMIT),
        help="of read, submit and admin, with commas between (default: read,submit)",
    )
    make.add_argument("--requests-per-minute", type=_limit, metavar="N", help="0 is no limit (default: as is set)")
    make.add_argument("--open-videos", type=_limit, metavar="N", help="that wait or run; 0 is no limit")
    make.add_argument("--share", type=_share, metavar="N", help="its part of the service beside others (default: 1)")
    found.add_parser("list", help="show all keys, without their secrets")
    share = found.add_parser("share", help="change a key's part of the service; counts within seconds")
    share.add_argument("key_id", metavar="ID", help="as listed")
    share.add_argument("share", type=_share, metavar="N", help="so many of its videos run for one of a key with 1")
    revoke = found.add_parser("revoke", help="let a key be refused from now on, within seconds")
    revoke.add_argument("key_id", metavar="ID", help="as listed")
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 1 when it cannot be done."""
    options = parser().parse_args(arguments)
    try:
        client = CassandraClient(CassandraSettings())
        try:
            run(options, CassandraKeyStore(client), Console())
        finally:
            client.close()
    except ValidationError as e:
        return _fail(wrong_settings(e))
    except FramewiseError as e:
        return _fail(str(e))
    return 0


def run(options: argparse.Namespace, store: KeyStore, console: Console) -> None:
    """Do what was asked; raises NotFound and StoreUnavailable."""
    match options.command:
        case "create":
            limits = options.requests_per_minute, options.open_videos, options.share
            key = commands.create(store, options.name, options.scopes, *limits)
            console.print(key, markup=False, highlight=False, soft_wrap=True)
            Console(stderr=True).print("Keep it: it is not stored here and cannot be shown again.")
        case "list":
            commands.show(store, console)
        case "share":
            store.give_share(options.key_id, options.share)
            console.print(f"{options.key_id} has a share of {options.share}", highlight=False, markup=False)
        case "revoke":
            store.revoke(options.key_id)
            console.print(f"{options.key_id} is revoked", highlight=False, markup=False)


def _fail(reason: str) -> int:
    Console(stderr=True).print(f"error: {reason}", style="red", markup=False, highlight=False, soft_wrap=True)
    return 1


def _name(text: str) -> str:
    if not 0 < len(text.strip()) <= NAME_LENGTH or not text.isprintable():
        raise argparse.ArgumentTypeError(f"a name is 1 to {NAME_LENGTH} printable characters")
    return text.strip()


def _scopes(text: str) -> tuple[Scope, ...]:
    try:
        return tuple(Scope(part.strip()) for part in text.split(","))
    except ValueError as e:
        raise argparse.ArgumentTypeError("scopes are read, submit and admin, with commas between") from e


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > MOST:
        raise argparse.ArgumentTypeError("a limit is a whole number, 0 or more")
    return int(text)


def _share(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_SHARE:
        raise argparse.ArgumentTypeError(f"a share is a whole number from 1 to {MOST_SHARE}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
