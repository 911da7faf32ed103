"""Owns one page of a search: entries of the index that match, of videos that are there and that the caller may see."""

from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from api import cursors
from api.caller import Caller
from api.insights.answers import SearchAnswer, SearchItem
from api.params import SearchParams
from api.services import Services
from pipeline.contracts.results import TaskName
from pipeline.contracts.videos import Video
from pipeline.digests.colors import cell_of
from pipeline.stores.search import SearchEntry, SearchPlace

MOST_LOOKED_AT = 500
"""Entries that one page looks at before it stops, so that a rare match cannot hold a request for long."""


class Search:
    """A search, and where its page begins."""

    def __init__(self, services: Services, caller: Caller, params: SearchParams) -> None:
        self._services = services
        self._caller = caller
        self._params = params
        asked = params.model_dump(mode="json", exclude={"limit", "cursor"})
        self._bound_to = cursors.fingerprint("search", sorted(params.task or ()), asked | {"task": None})
        self._videos: dict[UUID, Video | None] = {}

    def page(self) -> SearchAnswer:
        """At most `limit` entries; fewer when much had to be looked at."""
        label = self._params.label
        entries = self._services.search.find(
            cell_of(label) if label is not None else None, self._params.from_, self._params.to, self._after()
        )
        found: list[SearchItem] = []
        last: SearchEntry | None = None
        for looked_at, entry in enumerate(entries):
            if last is not None and (len(found) == self._params.limit or looked_at == MOST_LOOKED_AT):
                return SearchAnswer(items=found, next_cursor=self._cursor(last.place))
            last = entry
            video = self._seen(entry) if self._matches(entry) else None
            if video is not None:
                found.append(_item(entry, video))
        return SearchAnswer(items=found, next_cursor=None)

    def _after(self) -> SearchPlace | None:
        if self._params.cursor is None:
            return None
        at, video_id, *names = cursors.decode(self._params.cursor, self._bound_to, str, str, str, str, str)
        try:
            "".join(names).encode()
            return SearchPlace(datetime.fromisoformat(at).astimezone(UTC), UUID(video_id), *names)
        except (ValueError, OverflowError) as e:
            raise cursors.refuse("it is not one that this service gave") from e

    def _cursor(self, place: SearchPlace) -> str:
        names = [place.task, place.label, place.model]
        return cursors.encode([place.created_at.isoformat(), str(place.video_id), *names], self._bound_to)

    def _matches(self, entry: SearchEntry) -> bool:
        asked = self._params
        return (
            (not asked.task or entry.task in asked.task)
            and (asked.model is None or entry.model == asked.model)
            and (asked.min_confidence is None or entry.max_confidence >= asked.min_confidence)
        )

    def _seen(self, entry: SearchEntry) -> Video | None:
        """The video, if it is there still, may be seen, and has the tag; what is left of a deleted one is taken out."""
        if entry.video_id not in self._videos:
            self._videos[entry.video_id] = self._services.videos.get(entry.video_id)
        video = self._videos[entry.video_id]
        if video is None:
            self._services.search.drop(entry)
            return None
        tagged = self._params.tag is None or self._params.tag in video.tags
        return video if tagged and self._caller.may_see(video) else None


def _item(entry: SearchEntry, video: Video) -> SearchItem:
    wanted = {"task": entry.task.value, "model": entry.model}
    if entry.task is not TaskName.COLORS:
        wanted["label"] = entry.label
    return SearchItem(
        video_id=video.video_id,
        video_name=video.video_name,
        status=video.status,
        created_at=video.created_at,
        task=entry.task,
        model=entry.model,
        label=entry.label,
        frames=entry.frames,
        first_media_time=entry.first_media_time,
        last_media_time=entry.last_media_time,
        max_confidence=entry.max_confidence,
        results_url=f"/analysis/{video.video_id}/results?{urlencode(wanted)}",
    )
