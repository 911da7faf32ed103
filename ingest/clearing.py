"""Owns the command line that `clear_frames.py` hands over to."""

import argparse
import math
import signal
import sys
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError
from rich.console import Console
from rich.filesize import decimal

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.clearing import Cleared, ClearedVideo, Stores, clear_each
from pipeline.contracts.errors import StoreError
from pipeline.contracts.settings import CassandraSettings, PathSettings, S3Settings, wrong_settings
from pipeline.stores.frame_store import open_frame_store
from pipeline.stores.sources import SourceFolder

LONGEST = 36_500
INTERRUPTED = 128 + signal.SIGINT
GO_ON = "Run it again later: it goes on where it stopped."


def parser() -> argparse.ArgumentParser:
    """The options."""
    found = argparse.ArgumentParser(
        prog="clear_frames.py",
        description="Clears frames that were stored more than N days ago, with their results, and videos of which "
        "nothing is left. It may run while videos are analysed, be interrupted, and run again.",
    )
    found.add_argument("--days", type=days, required=True, metavar="N", help="7, or 0.5; 0 takes all there is now")
    found.add_argument("--dry-run", action="store_true", help="say what would go, and change nothing")
    return found


def days(text: str) -> timedelta:
    """An age in days."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days from 0 to {LONGEST}, such as 7 or 0.5")
    return timedelta(days=number)


def main(arguments: list[str] | None = None) -> int:
    """Clear, and say what went; 1 when that is not possible, 2 when the arguments are wrong."""
    options = parser().parse_args(arguments)
    before = datetime.now(UTC) - options.days
    try:
        _clear(PathSettings(), CassandraSettings(), before, options.dry_run)
    except ValidationError as e:
        return _fail(wrong_settings(e))
    except (StoreError, OSError) as e:
        return _fail(f"{e}\n{GO_ON}")
    except KeyboardInterrupt:
        return _fail(f"interrupted\n{GO_ON}", INTERRUPTED)
    return 0


def _fail(message: str, status: int = 1) -> int:
    _say(Console(stderr=True), f"error: {message}")
    return status


def _clear(paths: PathSettings, cassandra: CassandraSettings, before: datetime, dry_run: bool) -> None:
    console, total = Console(), Cleared()
    client = CassandraClient(cassandra)
    try:
        stores = Stores(
            CassandraVideoStore(client),
            CassandraResultStore(client),
            open_frame_store(paths, S3Settings()),
            SourceFolder(paths.sources_dir),
        )
        for video in clear_each(stores, before, dry_run):
            _say(console, line(video, dry_run))
            total += video.what
    finally:
        client.close()
    _say(console, summary(total, before, dry_run))


def line(video: ClearedVideo, dry_run: bool) -> str:
    """What went of one video. Its name came from a user: what a terminal would obey is left out."""
    name = "".join(c for c in video.name if c.isprintable()) if video.name is not None else "(not known any more)"
    gone = f"; the video {'would go' if dry_run else 'went'} as a whole" if video.what.videos else ""
    return f"{video.video_id}  {name}: {amount(video.what)}{gone}"


def summary(total: Cleared, before: datetime, dry_run: bool) -> str:
    """What went in all."""
    verb = "would go" if dry_run else "cleared"
    videos = counted(total.videos, "whole video")
    return f"{verb}, of all stored before {before:%Y-%m-%d %H:%M:%S} UTC: {amount(total)}; {videos}"


def amount(what: Cleared) -> str:
    """How much went."""
    return f"{counted(what.frames, 'frame')}, {counted(what.rows, 'result row')}, {decimal(what.bytes)}"


def counted(number: int, thing: str) -> str:
    """So many things."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
