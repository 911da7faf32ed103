"""Owns whether a submission may ask for identification: the collections that it names must be there."""

from api.people.sent import refused
from api.requests import VideoOptions
from api.services import Services


def check_identification(services: Services, options: VideoOptions) -> None:
    """Raises RequestValidationError for a collection that nobody has made."""
    asked = options.identification
    for name in asked.collections if asked else ():
        if services.people.collection(name) is None:
            raise refused(
                "identification", "collections",
                why=f"there is no collection {name}; make it with its purpose: PUT /people/collections/{name}",
            )  # fmt: skip
