"""The command that gets and verifies weights beforehand: `python -m inference.fetch --all`."""

import argparse
import logging
import sys
from collections.abc import Iterable, Sequence
from functools import partial

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
    """Run the command.

    Exits with 0 when every model named is there and verified (with `--all`: at least one for each task), with 1
    otherwise, with 2 for a name that no card has.
    """
    options = _parser().parse_args(arguments)
    console = Console(stderr=True)
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[_handler(console)])
    logging.getLogger("httpx").setLevel(logging.WARNING)
    settings = PathSettings()
    try:
        cards = read_cards(settings.models_dir)
    except ModelUnavailable as error:
        logger.warning("%s", error)
        return 1
    if options.list:
        _show(cards)
        return 0
    unknown = set(options.names) - {card.name for card in cards}
    if unknown or not (options.all or options.names):
        logger.error("name models or say --all; known are %s", ", ".join(card.name for card in cards))
        return 2
    wanted = [card for card in cards if options.all or card.name in options.names]
    weights = Weights(settings.weights_dir, settings.mirror)
    weights.forget_unreachable()
    missing = _fetch(wanted, weights, console)
    if options.names:
        return 1 if missing else 0
    return _judge(wanted, missing)


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


def _fetch(cards: Iterable[Card], weights: Weights, console: Console) -> list[Card]:
    """The cards whose weights cannot be had."""
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn()
    missing = []
    with Packages() as packages, Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        for card in cards:
            bar = progress.add_task(card.name, total=sum(file.bytes for file in card.files) or 1)
            try:
                weights.ensure(card, packages, partial(progress.advance, bar))
            except ModelUnavailable as error:
                missing.append(card)
                logger.warning("%s", error)
                continue
            progress.update(bar, completed=sum(file.bytes for file in card.files) or 1)
            logger.info("%s: verified, %s", card.name, card.digest)
    return missing


def _judge(cards: Sequence[Card], missing: Sequence[Card]) -> int:
    """Say what `--all` came to: a task without any model is an error, a second choice is not."""
    bare = {card.task for card in cards} - {card.task for card in cards if card not in missing}
    for task in sorted(bare):
        logger.error("%s has no model", task.value)
    if missing and not bare:
        logger.warning("every task has a model, but not %s", ", ".join(card.name for card in missing))
    return 1 if bare else 0


def _show(cards: Iterable[Card]) -> None:
    table = Table("task", "preference", "model", "runtime", "bytes", "licence")
    for card in cards:
        size = f"{sum(file.bytes for file in card.files):,}"
        table.add_row(card.task.value, str(card.preference), card.name, card.runtime, size, card.licence)
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
