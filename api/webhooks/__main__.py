"""Owns `python -m api.webhooks secret`: shows what receivers verify webhooks with."""

import argparse
import sys

from api.webhooks.secret import load_secret
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.settings import PathSettings, WebhookSettings


def main(arguments: list[str] | None = None) -> int:
    """Show the secret; it is made if there is none yet."""
    parser = argparse.ArgumentParser(prog="python -m api.webhooks", description="Webhooks of this installation.")
    parser.add_argument("command", choices=["secret"], help="secret: what receivers verify signatures with")
    parser.parse_args(arguments)
    try:
        sys.stdout.write(load_secret(WebhookSettings(), PathSettings().data_dir) + "\n")
    except FramewiseError as e:
        sys.stderr.write(f"{e}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
