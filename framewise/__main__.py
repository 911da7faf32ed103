"""Owns `python -m framewise`, the same as the command `framewise`."""

import sys

from framewise.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
