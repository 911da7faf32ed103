"""Tracks of real videos through the whole stack: the same whoever analysed them, also after a worker was killed."""

import logging
from pathlib import Path
from typing import Any

import pytest

from benchmarks.walkers import LINE, crossings
from pipeline.pictures import decode
from stack import workers
from stack.trial import Trial
from tests.e2e.disturbance import Subject, until
from tests.e2e.service import Service
from tests.waiting import wait_until

FACES = "face-demographics-walking-and-pause_fromgif.mp4"
WALKERS = "people_vtest.avi"
STEP = "3"
OF_THE_VIDEO = ("video_id", "picture_url")
Shown = dict[str, Any]


def tracks(service: Service, path: str, **params: Any) -> list[Shown]:
    """All of a video, once they are made."""

    def complete() -> bool:
        return bool(service.http.get(f"{path}/tracks").raise_for_status().json()["complete"])

    wait_until(complete, 60)
    page = service.http.get(f"{path}/tracks", params={"limit": 1000, **params}).raise_for_status().json()
    assert page["next_cursor"] is None
    found: list[Shown] = page["items"]
    return found


def test_three_people_are_three_tracks_with_a_picture_each(
    service: Service, models: dict[str, Any], media: Path
) -> None:
    path = service.upload(media / "video" / FACES, modelsToRun="faces_detection,emotions_detection")
    service.completed(path)
    found = tracks(service, path)
    assert [track["label"] for track in found] == ["face"] * 3
    assert all(track["emotion"] and track["best"]["quality"] > 0 for track in found)
    pictures = [service.http.get(track["picture_url"]).raise_for_status().content for track in found]
    shown = [decode(picture) for picture in pictures]
    assert min(min(picture.shape[:2]) for picture in shown) >= 30
    assert len(set(pictures)) == 3
    page = service.http.get(f"{path}/results", params={"limit": 1000}).raise_for_status().json()
    named = [d.get("track_id") for row in page["items"] for d in row["detections"]]
    assert {*named} >= {track["track_id"] for track in found}
    assert named.count(None) <= len(named) / 20


def followed(subject: Subject, media: Path) -> str:
    """The path of the walkers' film, begun."""
    return subject.service.upload(media / "video" / WALKERS, modelsToRun="objects_detection", frameStep=STEP)


def compared(subject: Subject, path: str) -> list[Shown]:
    """The tracks, without what is the video's."""
    subject.service.completed(path)
    return [{k: v for k, v in t.items() if k not in OF_THE_VIDEO} for t in tracks(subject.service, path)]


def change(stack: Trial, number: int) -> None:
    assert workers.change(stack.settings, number, lambda text: None) == 0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_tracks_are_the_same_whoever_analysed(subject: Subject, media: Path) -> None:
    if "objects_detection" not in subject.tasks:
        pytest.skip("no model of objects can be had")
    first_path = followed(subject, media)
    wanted = compared(subject, first_path)
    people = [track for track in wanted if track["label"] == "person"]
    logging.getLogger(__name__).warning("%d tracks, %d of people", len(wanted), len(people))
    assert len(people) < 40
    for number in (1, 4):
        change(subject.stack, number)
        assert compared(subject, followed(subject, media)) == wanted, f"with {number} workers"
    change(subject.stack, 2)
    path = followed(subject, media)
    until(lambda: subject.stored(path) > 60, "some frames are done")
    subject.python_worker().kill()
    assert compared(subject, path) == wanted, "after a worker was killed"
    line = {"name": LINE.name, "points": LINE.points}
    subject.service.http.put(f"{first_path}/regions", json={"lines": [line]}).raise_for_status()
    answer = subject.service.http.get(f"{first_path}/counts", params={"label": "person"}).raise_for_status()
    [counted] = answer.json()["lines"]
    for found, by_eye in zip((counted["in"], counted["out"]), crossings(), strict=True):
        assert abs(found - by_eye) <= by_eye / 10 + 0.5
