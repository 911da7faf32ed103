"""Owns the search by face: the tracks that are most like a photo, of videos that the caller may see."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import numpy as np

from api.caller import Caller
from api.erasing.answers import FaceSearchAnswer, SeenAnswer
from api.erasing.asking import MOST_FOUND, SearchForm
from api.erasing.faces import the_face
from api.people.sent import Sent
from api.services import Services
from pipeline.portraits.faces import EmbeddingModel, PortraitFace
from pipeline.stores.faces import DIMENSIONS, SimilarTrack, Vector


def search(services: Services, caller: Caller, sent: Sent, form: SearchForm) -> FaceSearchAnswer:
    """A page of what the first embedding model finds that knows any video; raises what reading the face raises."""
    face, models = the_face(services, caller, sent)
    asked = _asked(services, face, models)
    wanted = list(_found(services, caller, face, asked, form)) if asked else []
    end = form.offset + form.limit
    return FaceSearchAnswer(
        items=wanted[form.offset : end],
        model=asked.digest if asked else None,
        threshold=asked.threshold if asked else 0.0,
        next_offset=end if len(wanted) > end else None,
    )


def _asked(services: Services, face: PortraitFace, models: Sequence[EmbeddingModel]) -> EmbeddingModel | None:
    """The first model that knows the face and any track; without such, the first that knows the face.

    Of models with vectors of another length nothing is kept to search in.
    """
    usable = [m for m in models if m.digest in face.vectors and len(_vector(face, m)) in DIMENSIONS]
    known = (m for m in usable if services.faces.nearest(m.digest, _vector(face, m), 1))
    return next(known, next(iter(usable), None)) if len(usable) > 1 else next(iter(usable), None)


def _vector(face: PortraitFace, model: EmbeddingModel) -> Vector:
    return np.frombuffer(face.vectors[model.digest], "<f4")


def _found(
    services: Services, caller: Caller, face: PortraitFace, asked: EmbeddingModel, form: SearchForm
) -> list[SeenAnswer]:
    """As many as the page needs and one more, if there are; more are fetched while most are not to be seen."""
    least = asked.threshold if form.min_similarity is None else form.min_similarity
    needed = many = form.offset + form.limit + 1
    while True:
        near = services.faces.nearest(asked.digest, _vector(face, asked), many)
        found = list(_visible(services, caller, [one for one in near if one.similarity >= least]))
        is_all = len(near) < many or near[-1].similarity < least
        if len(found) >= needed or is_all or many >= MOST_FOUND:
            return found[:needed]
        many = min(many * 4, MOST_FOUND)


def _visible(services: Services, caller: Caller, found: Sequence[SimilarTrack]) -> Iterator[SeenAnswer]:
    """Those in videos that are there and that the caller may see."""
    names: dict[UUID, str | None] = {}
    for one in found:
        video_id = one.track.video_id
        if video_id not in names:
            video = services.videos.get(video_id)
            names[video_id] = video.video_name if video is not None and caller.may_see(video) else None
        if (name := names[video_id]) is not None:
            yield _answer(one, name)


def _answer(one: SimilarTrack, name: str) -> SeenAnswer:
    track, path = one.track, f"/analysis/{one.track.video_id}"
    return SeenAnswer(
        video_id=track.video_id,
        video_name=name,
        track_id=track.track_id,
        similarity=round(one.similarity, 4),
        from_=track.first_time,
        to=track.last_time,
        faces=track.faces,
        best_frame=track.best_frame,
        picture_url=f"{path}/tracks/{track.track_id}/picture",
        frame_url=f"{path}/frame/{track.best_frame}",
    )
