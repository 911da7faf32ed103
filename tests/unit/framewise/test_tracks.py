"""The client reads tracks and counts, against the real application."""

from pathlib import Path

import pytest

from api.services import Services
from framewise import Client, Invalid, NotFound
from tests.unit.api.tracks.test_routes import DOOR, ZONE, walk
from tests.unit.factories import jpeg


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framewise.tracks.PAGE", 1)


def test_tracks_are_read_page_by_page(client: Client, services: Services) -> None:
    video = walk(services)
    both = list(client.tracks(video.video_id))
    assert [(track.label, track.frames) for track in both] == [("person", 40), ("dog", 40)]
    assert [track.track_id for track in client.tracks(video.video_id, limit=1)] == [both[0].track_id]
    assert list(client.tracks(video.video_id, limit=0)) == []
    assert [track.label for track in client.tracks(video.video_id, label="dog", from_time=1, to_time=2)] == ["dog"]
    assert list(client.tracks(video.video_id, from_time=9)) == []
    assert len(client.track(video.video_id, both[0].track_id).points) == 40
    with pytest.raises(NotFound):
        client.track(video.video_id, "o9-9")


def test_a_picture_is_written_where_it_is_wanted(client: Client, services: Services, tmp_path: Path) -> None:
    video = walk(services)
    [track] = client.tracks(video.video_id, label="dog")
    assert track.best is not None
    services.frames.put(video.video_id, track.best.frame_number, jpeg())
    picture = client.track_picture(video.video_id, track.track_id, tmp_path / "dog.jpg")
    assert (tmp_path / "dog.jpg").read_bytes() == picture


def test_lines_and_zones_are_drawn_and_counted(client: Client, services: Services) -> None:
    video = walk(services)
    client.draw(video.video_id, lines=[DOOR], zones=[ZONE])
    counts = client.counts(video.video_id, label="person")
    assert [(line.name, line.in_, line.out) for line in counts.lines] == [("door", 1, 0)]
    assert [(zone.name, zone.visits, zone.inside) for zone in counts.zones] == [("left", 1, 0)]
    assert counts.complete
    with pytest.raises(Invalid):
        client.draw(video.video_id, lines=[DOOR, DOOR])
