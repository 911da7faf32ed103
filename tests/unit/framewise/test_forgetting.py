"""The client looks for somebody by a photo, and forgets them."""

from dataclasses import replace
from pathlib import Path

import pytest

from api.services import Services
from framewise import Client, Invalid, NotFound
from pipeline.portraits.in_memory import KnownPortraits
from pipeline.stores.people import Collection
from tests.unit.api.conftest import services as plain  # noqa: F401 - the fixture below is made of it
from tests.unit.api.erasing.test_erasing import enrol, portrait, track
from tests.unit.factories import T0


@pytest.fixture
def services(plain: Services) -> Services:  # noqa: F811
    plain.people.save_collection(Collection("default", "a test", T0))
    return replace(plain, portraits=KnownPortraits({b"ada": portrait(1), b"wall": portrait()}))


def test_every_page_of_a_search_is_read(client: Client, services: Services, tmp_path: Path) -> None:
    for n in range(230):
        track(services, f"f{n + 1}-1", 1, noise=n / 1000)
    photo = tmp_path / "ada.jpg"
    photo.write_bytes(b"ada")
    found = list(client.search_by_face(photo, limit=210))
    assert [seen.track_id for seen in found] == [f"f{n + 1}-1" for n in range(210)]
    assert (found[0].from_, found[0].to, found[0].similarity) == (1.0, 2.5, 1.0)
    assert len(list(client.search_by_face(b"ada", min_similarity=0.9999))) < 20


def test_people_are_forgotten_with_a_receipt(client: Client, services: Services) -> None:
    ada, again = enrol(services, "Ada", 1), enrol(services, "Ada", 1)
    receipt = client.delete_person(ada.person_id, frames="delete")
    assert (receipt.erased, receipt.frames, receipt.removed["people"]) == (False, "delete", 1)
    assert client.erasure(receipt.erasure_id) == receipt
    assert client.erase_person(b"ada").removed["people"] == 1
    assert services.people.person(again.person_id) is None
    with pytest.raises(NotFound):
        client.delete_person(ada.person_id)
    with pytest.raises(Invalid, match="no face"):
        client.erase_person(b"wall")
