"""Owns what every contender has to find in a work: found once, in no hurry, and kept while code and models stay."""

import hashlib
from pathlib import Path

from benchmarks.yardstick.findings import Found, read_found, write_found
from benchmarks.yardstick.runs import run_once
from benchmarks.yardstick.works import Work
from pipeline.contracts.settings import ROOT, IngestSettings

CODE = ("inference", "ingest/decode", "models")


def expected(work: Work, folder: Path) -> Found:
    """What the reference finds."""
    path = folder / f"{work.name}-{_digest(work)}.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_found(path, run_once("reference", work, 1, {}, {}).found)
    return read_found(path)


def _digest(work: Work) -> str:
    """Of the code that finds, of the cards, of how frames are made, and of the clips."""
    known = hashlib.sha256(IngestSettings().model_dump_json().encode())
    for folder in CODE:
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix in (".py", ".toml", ".txt"):
                known.update(file.read_bytes())
    for clip in work.clips:
        known.update(clip.read_bytes())
    return known.hexdigest()[:12]
