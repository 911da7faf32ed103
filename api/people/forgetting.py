"""Owns forgetting the pictures of a collection that is not to keep them any more."""

from api.services import Services
from pipeline.stores.people import Person

PAGE = 200


def forget_pictures(services: Services, collection: str) -> None:
    """Remove every kept picture of its people; they are known by their vectors still."""
    page = services.people.people(collection, PAGE)
    while page:
        for person in page:
            forget_pictures_of(services, person)
        page = services.people.people(collection, PAGE, page[-1])


def forget_pictures_of(services: Services, person: Person) -> None:
    """Remove every kept picture of one person."""
    for photo in services.people.photos(person.person_id):
        if photo.kept:
            services.people.delete_picture(person.person_id, photo.photo_id)
