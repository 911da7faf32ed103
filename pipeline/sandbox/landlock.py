"""Owns the limits on files by Landlock (linux/landlock.h): only what libraries are made of may be read."""

import ctypes
import os
import struct
import sys
from pathlib import Path

from pipeline.sandbox import syscalls
from pipeline.sandbox.syscalls import call

ROOT = Path(__file__).resolve().parents[2]
ASK_VERSION = 1
PATH_BENEATH = 1
READ_FILE, READ_FOLDER = 1 << 2, 1 << 3
KNOWN_RIGHTS = (13, 14, 15, 15, 16)
"""How many rights to files each version knows, from the first on: a right is a bit, the lowest is to execute."""


def install() -> None:
    """Take every right to files from this thread and those it starts, but to read libraries; raises OSError.

    Files that are open already stay so. Needs no-new-privileges.
    """
    version = call(syscalls.LANDLOCK_CREATE_RULESET, None, 0, ASK_VERSION)
    rights = (1 << KNOWN_RIGHTS[min(version, len(KNOWN_RIGHTS)) - 1]) - 1
    attributes = struct.pack("=Q", rights)
    rules = call(syscalls.LANDLOCK_CREATE_RULESET, ctypes.create_string_buffer(attributes), len(attributes), 0)
    try:
        for folder in readable():
            _let_read(rules, folder)
        call(syscalls.LANDLOCK_RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)


def readable() -> set[Path]:
    """The folders of Python, its libraries and this program; not the folder of data beside it."""
    installed = {Path(sys.prefix), Path(sys.base_prefix), *map(Path, sys.path)}
    own = {ROOT / "ingest", ROOT / "pipeline"}
    return {folder for folder in (installed - {ROOT, Path()}) | own if folder.is_dir()}


def _let_read(rules: int, folder: Path) -> None:
    opened = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        beneath = struct.pack("=Qi", READ_FILE | READ_FOLDER, opened)
        call(syscalls.LANDLOCK_ADD_RULE, rules, PATH_BENEATH, ctypes.create_string_buffer(beneath), 0)
    finally:
        os.close(opened)
