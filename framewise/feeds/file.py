"""Owns the file of feeds: what may stand in it, and what is wrong with which feed in which line."""

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from framewise.errors import WrongFile

MOST_FEEDS = 1000
MOST_BYTES = 2**20
HEADER = re.compile(r"^\s*\[\[\s*feed\s*\]\]", re.MULTILINE)
STREAMED = ("rtsp://", "rtsps://", "rtmp://", "rtmps://", "device:")
ADDRESSED = ("http://", "https://", "s3://")

Tags = tuple[Annotated[str, Field(min_length=1, max_length=64)], ...]


def _models(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class Wishes(BaseModel):
    """What may be said of each feed, and of all of them under `[defaults]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rate: float | None = Field(default=None, gt=0, le=1000, description="frames a second that are analysed")
    models: Annotated[tuple[str, ...], BeforeValidator(_models)] | None = Field(default=None, min_length=1)
    tags: Tags = ()
    keep: Literal["newest", "all"] = "newest"
    live: bool = Field(default=False, description="an http address is a stream, a file is played in real time")
    loop: bool | Annotated[int, Field(ge=1)] = Field(default=1, description="a file again and again, or so often")


class Feed(Wishes):
    """A feed: a file of this machine, an address, a stream, or a camera of this machine by its number."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    source: str = Field(min_length=1, max_length=4096)

    @model_validator(mode="before")
    @classmethod
    def _camera_by_number(cls, value: Any) -> Any:
        if isinstance(value, dict) and type(value.get("source")) is int:
            value = {**value, "source": f"{value['source']}"}
        return value

    @model_validator(mode="after")
    def _fits(self) -> "Feed":
        if "://" in self.source and not self.source.startswith((*STREAMED, *ADDRESSED)):
            raise ValueError(f"source: {self.source.split('://')[0]}:// is no kind of address that can be read")
        if self.rounds != 1 and self.kind not in ("file", "address"):
            raise ValueError("loop: only a file that is not live has an end to begin again after")
        return self

    @property
    def kind(self) -> Literal["file", "address", "stream", "camera"]:
        """How it comes: sent from here, fetched by the service, pulled by it, or captured here and published."""
        if self.source.startswith(STREAMED):
            return "stream"
        if self.source.startswith(ADDRESSED):
            return "stream" if self.live else "address"
        return "camera" if self.live or self.source.isdecimal() else "file"

    @property
    def rounds(self) -> int | None:
        """How often it is analysed; None is for ever."""
        if self.loop is True:
            return None
        return int(self.loop) or 1


def read_feeds(path: Path) -> list[Feed]:
    """The feeds of a file, those that are files by their whole path. Raises WrongFile with all that is wrong."""
    text = _text(path)
    try:
        body = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise WrongFile(f"{path} is no TOML: {e}") from e
    if unknown := body.keys() - {"defaults", "feed"}:
        raise WrongFile(f"{path}: there is no {', '.join(sorted(unknown))}; a file has [defaults] and [[feed]]")
    wrong: list[str] = []
    defaults = _defaults(body.get("defaults", {}), wrong)
    feeds = _feeds(body.get("feed"), defaults, _places(text), path.parent, wrong)
    if wrong:
        raise WrongFile("\n".join(f"{path}: {one}" for one in wrong))
    return feeds


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise WrongFile(f"{path} is larger than {MOST_BYTES // 2**20} MiB; split it")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as e:
        raise WrongFile(f"{path} is no text in UTF-8 (byte {e.start})") from e
    except OSError as e:
        raise WrongFile(f"{path} cannot be read: {e.strerror}") from e


def _places(text: str) -> list[str]:
    return [f"line {text.count(chr(10), 0, found.end()) + 1}" for found in HEADER.finditer(text)]


def _defaults(body: Any, wrong: list[str]) -> dict[str, Any]:
    try:
        Wishes.model_validate(body)
    except ValidationError as e:
        wrong += [f"[defaults]: {problem}" for problem in _problems(e, Wishes)]
        return {}
    return dict(body)


def _feeds(rows: Any, defaults: dict[str, Any], places: list[str], folder: Path, wrong: list[str]) -> list[Feed]:
    if not isinstance(rows, list) or not rows:
        wrong.append("there is no feed; each begins with [[feed]] and has an id and a source")
        return []
    if len(rows) > MOST_FEEDS:
        wrong.append(f"there are {len(rows)} feeds; {MOST_FEEDS} at most")
        return []
    found = []
    for number, row in enumerate(rows, 1):
        where = f"feed {number} ({places[number - 1]})" if number <= len(places) else f"feed {number}"
        try:
            feed = _on_disk(Feed.model_validate({**defaults, **row} if isinstance(row, dict) else row), folder)
        except ValidationError as e:
            wrong += [f"{where}: {problem}" for problem in _problems(e, Feed)]
        except WrongFile as e:
            wrong.append(f"{where}: {e}")
        else:
            found.append(feed)
    twice = [name for name, count in Counter(feed.id for feed in found).items() if count > 1]
    wrong += [f"id {name!r} is there more than once" for name in sorted(twice)]
    return found


def _on_disk(feed: Feed, folder: Path) -> Feed:
    """A file is named from the folder of the file of feeds."""
    if feed.kind not in ("file", "camera") or feed.source.isdecimal():
        return feed
    path = (folder / Path(feed.source).expanduser()).resolve()
    if not path.is_file():
        raise WrongFile(f"source: there is no file {path}")
    return feed.model_copy(update={"source": str(path)})


def _problems(error: ValidationError, model: type[BaseModel]) -> list[str]:
    found = []
    for one in error.errors():
        name = ".".join(str(part) for part in one["loc"] if isinstance(part, int) or part in model.model_fields)
        if one["type"] == "extra_forbidden":
            found.append(f"there is no {one['loc'][-1]}; there are {', '.join(model.model_fields)}")
        elif one["type"] == "missing":
            found.append(f"{one['loc'][-1]} is missing")
        else:
            found.append(f"{name}: {one['msg']}" if name else one["msg"].removeprefix("Value error, "))
    return list(dict.fromkeys(found))
