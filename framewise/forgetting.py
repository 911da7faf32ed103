"""Owns looking for somebody by a photo, and forgetting them."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import Field

from framewise.answers import Answer
from framewise.connection import Connection

PAGE = 100


class Seen(Answer):
    """Somebody like the one on a photo, in a video from one time to another (seconds of media time)."""

    video_id: str
    video_name: str
    track_id: str
    similarity: float
    from_: float = Field(alias="from")
    to: float
    faces: int
    best_frame: int
    picture_url: str
    frame_url: str


class Erasure(Answer):
    """A receipt: how far an erasure is, what was removed, and what the service cannot take back."""

    erasure_id: str
    state: str
    requested_at: datetime
    erased_at: datetime | None = None
    frames: str
    removed: dict[str, int] = Field(default={})
    subjects: list[str] = Field(default=[])
    digest: str = ""
    rounds: int = 0
    looks_again_at: datetime | None = None
    not_promised: list[str] = Field(default=[])

    @property
    def erased(self) -> bool:
        """Whether nothing is left; what comes late is removed still."""
        return self.state == "erased"


class Forgetting:
    """Finds somebody by their face, and forgets them. Photos are not kept."""

    _connection: Connection

    def search_by_face(
        self, photo: str | Path | bytes, *, min_similarity: float | None = None, limit: int = PAGE
    ) -> Iterator[Seen]:
        """Where somebody was seen, best first, `limit` at most: of videos submitted with `identification.search`."""
        picture, offset, left = _picture(photo), 0, limit
        while left > 0:
            form = {"limit": min(left, PAGE), "offset": offset, "min_similarity": min_similarity}
            found = self._posted("/people/search", picture, form)
            yield from (Seen.model_validate(item) for item in found["items"])
            left -= len(found["items"])
            if (offset := found["next_offset"]) is None:
                return

    def delete_person(self, person_id: str | UUID, *, frames: str = "blur") -> Erasure:
        """Forget somebody who is known; `frames` in which they were found: `blur`, `delete` or `keep`."""
        answer = self._connection.json("DELETE", f"/people/{person_id}", params={"frames": frames})
        return Erasure.model_validate(answer)

    def erase_person(self, photo: str | Path | bytes, *, frames: str = "blur") -> Erasure:
        """Forget whoever is on a photo."""
        return Erasure.model_validate(self._posted("/people/erase", _picture(photo), {"frames": frames}))

    def erasure(self, erasure_id: str | UUID) -> Erasure:
        """The receipt, as it stands."""
        return Erasure.model_validate(self._connection.json("GET", f"/people/erasures/{erasure_id}"))

    def _posted(self, path: str, picture: bytes, form: dict[str, Any]) -> Any:
        data = {name: str(value) for name, value in form.items() if value is not None}
        return self._connection.json("POST", path, data=data, files={"photos": ("photo", picture)})


def _picture(photo: str | Path | bytes) -> bytes:
    return photo if isinstance(photo, bytes) else Path(photo).read_bytes()
