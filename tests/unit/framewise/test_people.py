"""The client lets people be known, against the real application."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from api.services import Services
from framewise import Client, Invalid, NotFound
from framewise.answers import Box
from framewise.cli.main import main
from pipeline.contracts.results import Identification
from pipeline.portraits.in_memory import KnownPortraits
from tests.unit.api.people.portraits import ANNA, BERT, NOBODY, PICTURES
from tests.unit.factories import a_video


@pytest.fixture
def services(services: Services) -> Services:
    return replace(services, portraits=KnownPortraits(dict(PICTURES)))


def test_people_are_enrolled_listed_and_given_photos(client: Client, tmp_path: Path) -> None:
    made = client.put_collection("default", "tests", retention_days=30)
    assert (made.purpose, made.retention_days, made.people) == ("tests", 30, 0)
    file = tmp_path / "bert.jpg"
    file.write_bytes(BERT)
    anna, bert = client.enrol("Anna", ANNA), client.enrol("Bert", file)
    assert {person.name for person in client.people()} == {"Anna", "Bert"}
    assert client.collections()[0].people == 2
    more = client.add_photos(anna.person_id, BERT)
    assert len(more.photos) == 2
    left = client.delete_photo(anna.person_id, more.photos[1].photo_id)
    assert left == client.person(anna.person_id)
    with pytest.raises(Invalid, match="no face was found"):
        client.enrol("Nobody", NOBODY)
    with pytest.raises(NotFound, match="collection guests"):
        client.enrol("Anna", ANNA, collection="guests")
    assert bert.collection == "default"


def test_a_face_of_a_video(client: Client, services: Services) -> None:
    client.put_collection("default", "tests")
    video = a_video()
    services.videos.create(video)
    services.frames.put(video.video_id, 7, ANNA)
    anna = client.enrol_from_frame("Anna", video.video_id, 7, Box(x=0.1, y=0.1, width=0.5, height=0.5))
    assert anna.photos[0].source is not None
    assert anna.photos[0].source["frame_number"] == 7


def test_a_submission_states_its_purpose(client: Client, services: Services, tmp_path: Path) -> None:
    client.put_collection("default", "tests")
    file = tmp_path / "a.mp4"
    file.write_bytes(b"video")
    asked = {"purpose": "who is here", "search": True}
    for shown in (
        client.start("https://example.com/a.mp4", tasks=["faces_identification"], identification=asked),
        client.upload(file, tasks=["faces_identification"], identification=asked),
    ):
        assert shown.identification is not None
        assert shown.identification["purpose"] == "who is here"
        kept = services.videos.get(UUID(shown.video_id))
        assert kept is not None
        assert kept.identification == Identification("who is here", ("default",), True)


def test_the_command_line_says_why(client: Client, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_URL", client.url)
    client.put_collection("default", "tests")
    words = ["submit", "https://example.com/a.mp4", "--tasks", "identities"]
    assert main([*words, "--purpose", "who is here", "--collection", "default"]) == 0
    [video_id] = services.videos.open_videos(10)
    kept = services.videos.get(video_id)
    assert kept is not None
    assert kept.identification == Identification("who is here")
    assert main(words) != 0
    assert main([*words, "--collection", "default"]) != 0
    assert len(services.videos.open_videos(10)) == 1
