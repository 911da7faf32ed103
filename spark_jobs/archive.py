"""Owns the archive of our own code and model cards that a cluster's executors get, made of the source tree."""

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

from pipeline.contracts.errors import ClusterError
from pipeline.contracts.settings import ROOT

PACKAGES = ("inference", "pipeline", "spark_jobs")
CARDS = "models"
"""As the source tree calls it: there the settings of a worker look for cards."""
LEFT_OUT = ("__pycache__", ".pyc")
MADE = (1980, 1, 1, 0, 0, 0)
"""The date of every member: the same tree makes the same archive."""


def build(folder: Path, cards: Path) -> Path:
    """The archive in `folder`, named by its content; `cards` is the folder of model cards. Raises ClusterError."""
    members = dict(_members(cards))
    target = folder / f"framewise-{_digest(members)}.zip"
    if not target.exists():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _write(target.with_suffix(".part"), members)
            target.with_suffix(".part").replace(target)
        except OSError as e:
            raise ClusterError(f"the archive {target} cannot be written: {e}") from e
    return target


def _members(cards: Path) -> Iterator[tuple[str, Path]]:
    """Each file of ours by its place in the archive, in order."""
    for package in PACKAGES:
        yield from _files(ROOT / package, package)
    yield from _files(cards, CARDS)


def _files(folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    if not folder.is_dir():
        raise ClusterError(f"the archive for the cluster cannot be made: there is no folder {folder}")
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not any(part.endswith(LEFT_OUT) or part.startswith(".") for part in file.parts[-3:]):
            yield f"{name}/{file.relative_to(folder).as_posix()}", file


def _digest(members: dict[str, Path]) -> str:
    digest = hashlib.sha256()
    for name, file in members.items():
        digest.update(f"{name}\n{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:12]


def _write(target: Path, members: dict[str, Path]) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in members.items():
            member = zipfile.ZipInfo(name, MADE)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = (file.stat().st_mode & 0o777) << 16
            archive.writestr(member, file.read_bytes())
