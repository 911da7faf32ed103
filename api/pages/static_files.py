"""Owns what browsers keep: scripts, styles and pictures under a digest of them all, asked for once."""

import hashlib
from functools import cache
from importlib.metadata import version as installed
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from api.pages.policy import NOSNIFF

FOLDER = Path(__file__).parent / "static"
PREFIX = "/static"
FOREVER = "public, max-age=31536000, immutable"
BRIEFLY = "no-cache"
BOKEH = "vendor/bokeh.min.js"
"""Bokeh's own script, as it is installed; only pages with charts ask for it."""
TYPES = {
    ".mjs": "text/javascript",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".json": "application/manifest+json",
    ".png": "image/png",
}
router = APIRouter(include_in_schema=False)


@cache
def digest() -> str:
    """Of all files with their names, and of Bokeh's version; computed once a process."""
    found = hashlib.sha256(installed("bokeh").encode())
    for path in sorted(p for p in FOLDER.rglob("*") if p.suffix in TYPES):
        content = path.read_bytes()
        found.update(f"{path.relative_to(FOLDER)} {len(content)}\n".encode() + content)
    return found.hexdigest()[:16]


def address(name: str) -> str:
    """Where a file is asked for, such as `js/api.mjs`; modules import each other by relative names."""
    return f"{PREFIX}/{digest()}/{name}"


@router.get(PREFIX + "/{version}/{name:path}")
def static(version: str, name: str) -> Response:
    """A file of this release; for another release's address too, which nobody may keep."""
    path = _bokeh() if name == BOKEH else (FOLDER / name).resolve()
    if not (name == BOKEH or path.is_relative_to(FOLDER)) or path.suffix not in TYPES or not path.is_file():
        raise HTTPException(404, f"there is no file {name}")
    caching = FOREVER if version == digest() else BRIEFLY
    return FileResponse(path, media_type=TYPES[path.suffix], headers={"Cache-Control": caching, **NOSNIFF})


@cache
def _bokeh() -> Path:
    package = find_spec("bokeh")  # importing it takes a second
    if package is None or package.origin is None:
        raise HTTPException(404, "Bokeh is not installed")
    return Path(package.origin).parent / "server" / "static" / "js" / "bokeh.min.js"
