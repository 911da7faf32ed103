"""Owns one round of an erasure: find the person wherever they are, and take them out there. It may be repeated."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from pipeline.contracts.erasures import ErasedFrames, Erasure, Removed
from pipeline.contracts.frames import BUCKET_FRAMES
from pipeline.contracts.results import UNKNOWN, Box, ResultRow, TaskName
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.erasing.copies import family
from pipeline.erasing.finding import Traces, find, remove
from pipeline.erasing.following import Boxes, Sight, followed, overlap
from pipeline.erasing.pictures import Pictures
from pipeline.erasing.stores import PersonalStores
from pipeline.erasing.whom import Whom
from pipeline.stores.erasures import ErasedFrame
from pipeline.stores.results import walk
from pipeline.stores.rows import ResultQuery
from pipeline.stores.sightings import Place

SAME_FACE = 0.5
FACES = frozenset({TaskName.IDENTITIES, TaskName.FACES})


def look(stores: PersonalStores, erasure: Erasure, go_on: Callable[[], None] = lambda: None) -> Erasure:
    """The erasure after another round. Raises StoreError; what is done by then stays done.

    `go_on` is called between two steps and may raise to stop.
    """
    return _Round(stores, erasure, Whom(erasure, stores.erasures.brief(erasure.erasure_id)), go_on).run()


@dataclass
class _Round:
    _stores: PersonalStores
    _erasure: Erasure
    _whom: Whom
    _go_on: Callable[[], None]
    _removed: Removed = field(default_factory=Removed)
    _counted: Removed = field(default_factory=Removed)
    _videos: set[UUID] = field(default_factory=set)
    _lines: list[str] = field(default_factory=list)
    _traces: Traces = field(default_factory=Traces)

    def run(self) -> Erasure:
        """People first, so that nobody is named any more; then what leads to them, thousand by thousand of frames."""
        for person_id in self._whom.brief.person_ids:
            self._stores.people.delete_person(person_id)
        self._traces = find(self._stores, self._whom)
        self._write_down()
        self._removed += remove(self._stores, self._whom, self._traces)
        known = self._stores.erasures.buckets(self._erasure.erasure_id)
        for place in sorted({*self._traces.places, *known}):
            self._count()
            self._go_on()
            self._bucket(place)
        for video_id in sorted(self._videos):
            self._forget_labels(video_id, self._whom.brief.names)
        for person_id in self._traces.people:
            self._stores.sightings.take_out(person_id, self._traces.named)
        return self._erasure.after(self._removed, self._videos, self._digest())

    def _write_down(self) -> None:
        """Where the person was by tracks and vectors: these go next, and the round may be cut off."""
        if self._erasure.frames is ErasedFrames.KEEP:
            return
        for place in self._traces.seen:
            self._note(place, self._traces.boxes(place))

    def _note(self, place: Place, boxes: Mapping[int, Sequence[Box]]) -> None:
        """Frames whose pictures are to be looked at, by this round or by another."""
        video_id, bucket = place
        known = {frame.frame_number: frame.boxes for frame in self._frames(video_id, bucket)}
        new = [n for n, found in boxes.items() if n not in known or {*found} - {*known[n]}]
        joined = ((n, tuple(dict.fromkeys((*known.get(n, ()), *boxes[n])))) for n in new)
        self._stores.erasures.note(self._erasure.erasure_id, [ErasedFrame(video_id, *frame) for frame in joined])

    def _count(self) -> None:
        """Keep what was removed so far: the next round finds it no more, if this one is cut off."""
        if self._removed != self._counted:
            self._stores.erasures.count(self._erasure.so_far(self._removed, self._videos, self._digest()))
            self._counted = self._removed

    def _bucket(self, place: Place) -> None:
        video_id, bucket = place
        video = self._stores.videos.get(video_id)
        if video is None:
            self._stores.erasures.forget_frames(self._erasure.erasure_id, video_id)
            return
        self._veil(video)
        span = ResultQuery(FACES, frame_from=bucket * BUCKET_FRAMES + 1, frame_to=(bucket + 1) * BUCKET_FRAMES)
        rows = list(walk(self._stores.results, video_id, span))
        mine = [row for row in rows if any(self._whom.is_id(d.person_id) for d in row.detections)]
        known = self._stores.erasures.frames(self._erasure.erasure_id, video_id, bucket)
        found = followed(self._sights(rows), self._seeds_of(place, mine, known))
        self._erase_frames(video, bucket, found, known)
        self._drop_raw(place, found)
        self._unname(video, bucket, mine)

    def _veil(self, video: Video) -> None:
        """Of what may go on, all faces are hidden from now on: nobody can be known any more who is forgotten."""
        if self._erasure.frames is ErasedFrames.KEEP:
            return
        for one in family(self._stores.videos, video):
            self._videos.add(one.video_id)
            if one.status is not VideoStatus.COMPLETED and one.veiled_at is None:
                self._stores.videos.veil(one.video_id)

    def _seeds_of(self, place: Place, mine: Sequence[ResultRow], known: Iterable[ErasedFrame]) -> dict[int, list[Box]]:
        seeds: defaultdict[int, list[Box]] = defaultdict(list)
        for number, boxes in self._traces.boxes(place).items():
            seeds[number] += boxes
        for frame in known:
            seeds[frame.frame_number] += frame.boxes
        for row in mine:
            seeds[row.frame_number] += [d.box for d in row.detections if d.box and self._whom.is_id(d.person_id)]
        return {number: list(dict.fromkeys(boxes)) for number, boxes in seeds.items()}

    def _sights(self, rows: Sequence[ResultRow]) -> list[Sight]:
        """Frame by frame, the faces that are not named as somebody else's."""
        found: dict[int, tuple[float, list[Box], list[Box]]] = {}
        for row in rows:
            _, faces, others = found.setdefault(row.frame_number, (row.media_time, [], []))
            for d in row.detections:
                if d.box is not None:
                    (faces if d.person_id is None or self._whom.is_id(d.person_id) else others).append(d.box)
        return [
            Sight(number, at, tuple(f for f in dict.fromkeys(faces) if not _is_one_of(f, others)))
            for number, (at, faces, others) in sorted(found.items())
        ]

    def _erase_frames(self, video: Video, bucket: int, found: Boxes, known: Iterable[ErasedFrame]) -> None:
        pictures = Pictures(self._stores.frames, self._erasure.frames)
        for one in family(self._stores.videos, video):
            theirs = known if one.video_id == video.video_id else self._frames(one.video_id, bucket)
            erased, removed = pictures.erase(one.video_id, found, theirs)
            self._stores.erasures.note(self._erasure.erasure_id, erased)
            self._removed += removed
            self._lines += [f"{frame.video_id}/{frame.frame_number}" for frame in erased]

    def _frames(self, video_id: UUID, bucket: int) -> list[ErasedFrame]:
        return self._stores.erasures.frames(self._erasure.erasure_id, video_id, bucket)

    def _drop_raw(self, place: Place, found: Mapping[int, Sequence[Box]]) -> None:
        """Vectors of faces that were taken for the person's by their place."""
        faces = [f for f in self._stores.faces.raw(*place) if _is_one_of(f.box, found.get(f.frame_number, ()))]
        self._stores.faces.drop_raw(faces)
        self._removed += Removed(raw_vectors=len(faces))

    def _unname(self, video: Video, bucket: int, mine: Sequence[ResultRow]) -> None:
        """Rows first, then what is made of them: a digest that was read before is older than its removal.

        The bucket is remembered: a sighting that comes late is older than the removal of those that came before.
        """
        if not mine:
            return
        self._note((video.video_id, bucket), {mine[0].frame_number: ()})
        rows = [replace(row, detections=self._whom.unnamed(row.detections)) for row in mine]
        self._stores.results.amend(video.video_id, rows, video.attempt_timestamp + 1)
        self._stores.digests.remove(video.video_id, [bucket])
        self._stores.results.recount(video.video_id, [bucket])
        self._removed += Removed(rows=len(rows))
        self._lines += [f"{video.video_id}/{row.frame_number}/{row.task}" for row in rows]
        self._videos.add(video.video_id)
        labels = {d.label for row in mine for d in row.detections if self._whom.is_id(d.person_id)}
        self._forget_labels(video.video_id, labels)

    def _forget_labels(self, video_id: UUID, labels: Iterable[str]) -> None:
        """Entries of the search; also those of an index that was made meanwhile of rows as they were.

        Somebody else of the same name, who was found in the same video, is found by it still.
        """
        for label in {*labels} - self._names_of_others(video_id) - {UNKNOWN}:
            self._removed += Removed(search_entries=self._stores.search.forget_label(video_id, label))

    def _names_of_others(self, video_id: UUID) -> set[str]:
        ids = {one for _, one in self._stores.sightings.of_video(video_id) if not self._whom.is_id(one)}
        people = (self._stores.people.person(person_id) for person_id in ids)
        return {person.name for person in people if person is not None}

    def _digest(self) -> str:
        """Of all that was removed so far, in order: whoever has the list can tell that it is this one."""
        known = [self._erasure.digest, *sorted(self._lines)]
        return hashlib.sha256("\n".join(known).encode()).hexdigest() if self._lines else self._erasure.digest


def _is_one_of(face: Box, boxes: Iterable[Box]) -> bool:
    return any(overlap(face, box) >= SAME_FACE for box in boxes)
