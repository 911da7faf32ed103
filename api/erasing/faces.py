"""Owns which face is meant: the only one of a photo, or one in an analysed video, as good as for enrolment."""

from collections.abc import Sequence

from api.caller import Caller
from api.people.enrolling import portraits_of, why_refused
from api.people.sent import Sent, refusals, refused
from api.services import Services
from pipeline.portraits.faces import EmbeddingModel, PortraitFace


def the_face(services: Services, caller: Caller, sent: Sent) -> tuple[PortraitFace, Sequence[EmbeddingModel]]:
    """The face, and the models that know it.

    Raises RequestValidationError with the reason for a picture that is refused, PortraitsUnavailable, and NotFound
    for a frame that is not there.
    """
    if len(sent.photos) > 1:
        raise refused("photos", why="one photo is enough; send the one that shows the person best")
    [(where, portrait)] = portraits_of(services, caller, sent)
    if isinstance(portrait, str):
        raise refusals({where: portrait})
    if (why := why_refused(portrait)) is not None:
        raise refusals({where: why})
    return portrait.faces[0], portrait.models
