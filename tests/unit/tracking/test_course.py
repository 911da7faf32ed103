"""What tracks a video's rows become."""

import random
import tracemalloc
from dataclasses import replace
from uuid import uuid4

import cv2
import numpy as np
import pytest

from pipeline.contracts.results import Box, Detection, TaskName
from pipeline.stores.tracks import TrackQuery
from tests.unit.factories import a_result, analyzed
from tests.unit.tracking.scenes import EVERYTHING, World, seen, walker
from tracking.course import Course

FACES, EMOTIONS, IDENTITIES = TaskName.FACES, TaskName.EMOTIONS, TaskName.IDENTITIES


def test_two_walkers_are_two_tracks_with_their_ways(world: World) -> None:
    video = world.video()
    frames = [seen(video.video_id, n, walker(n), walker(n, y=0.1, speed=0.005)) for n in range(1, 41)]
    one, other = world.make(video, *frames)
    assert (one.track_id, other.track_id) == ("o1-0", "o1-1")
    assert (one.label, one.frames, one.first_frame, one.last_frame) == ("person", 40, 1, 40)
    assert (one.first_time, one.last_time, one.dwell) == (0.0, 3.9, 3.9)
    assert (one.path[0].media_time, one.path[-1].media_time) == (0.0, 3.9)
    assert one.path[0].y == pytest.approx(0.6), "where the box meets the ground"
    [points, _] = world.tracks.points(video.video_id, 0)
    assert points.frames.tolist() == list(range(1, 41))
    state = world.tracks.state(video.video_id)
    assert state is not None
    assert (state.complete, state.through_frame, state.tracks) == (True, 40, 2)


def test_who_is_hidden_for_a_moment_keeps_the_track_and_who_is_long_gone_does_not(world: World) -> None:
    video = world.video()
    there = [n for n in range(1, 120) if not (20 <= n < 25 or 60 <= n < 100)]
    frames = [seen(video.video_id, n, *([walker(n, speed=0.002)] if n in there else [])) for n in range(1, 120)]
    assert [(t.track_id, t.first_frame, t.last_frame) for t in world.make(video, *frames)] == [
        ("o1-0", 1, 59),
        ("o100-0", 100, 119),
    ]


def test_what_was_seen_in_two_frames_is_no_track(world: World) -> None:
    video = world.video()
    assert world.make(video, *(seen(video.video_id, n, *([walker(n)] if n < 3 else [])) for n in range(1, 60))) == ()
    assert world.tracks.points(video.video_id, 0) == []


def test_a_label_that_flickers_is_smoothed_and_rows_stay(world: World) -> None:
    video = world.video()
    labels = ["car", "car", "truck", "car", "bus", "car"] * 5
    frames = [seen(video.video_id, n, walker(n, label=label)) for n, label in enumerate(labels, start=1)]
    [track] = world.make(video, *frames)
    assert track.label == "car"
    assert track.share == pytest.approx(4 / 6)
    assert world.results.frame(video.video_id, 3)[0].detections[0].label == "truck"


def test_a_face_is_who_and_how_most_of_its_frames_say(world: World) -> None:
    video, ada, bob = world.video(EVERYTHING), uuid4(), uuid4()
    frames = []
    for n in range(1, 21):
        box = walker(n).box
        named = ("Ada", ada) if n % 2 else ("unknown", None) if n % 5 else ("Bob", bob)
        frames.append(
            analyzed(
                video.video_id,
                n,
                a_result([Detection("face", 0.9, box)], FACES),
                a_result([Detection("sad", 0.6, box, {"happy": 0.4, "sad": 0.6 if n > 3 else 0.0})], EMOTIONS),
                a_result([Detection(named[0], 0.5, box, person_id=named[1])], IDENTITIES),
            )
        )
    [track] = world.make(video, *frames)
    assert (track.track_id, track.task, track.label, track.emotion) == ("f1-0", FACES, "face", "sad")
    assert track.person is not None
    assert (track.person.person_id, track.person.name, track.person.share) == (ada, "Ada", 0.5)
    assert track.attributes == {"happy": pytest.approx(0.4), "sad": pytest.approx(0.51)}
    assert track.path[0].y == pytest.approx(0.5), "of a face the middle"


def test_a_face_that_may_be_two_people_is_nobody(world: World) -> None:
    video, people = world.video([IDENTITIES]), [uuid4(), uuid4()]
    frames = []
    for n in range(1, 21):
        found = Detection(f"one {n % 2}", 0.5, walker(n).box, person_id=people[n % 2])
        frames.append(seen(video.video_id, n, found, task=IDENTITIES))
    [track] = world.make(video, *frames)
    assert track.person is None


def test_the_best_face_is_large_sharp_and_looks_here(world: World) -> None:
    video = world.video([FACES])
    noise = np.random.default_rng(1).integers(0, 255, (240, 320, 3), np.uint8)
    frames = []
    for n in range(1, 61):
        box = Box(0.3, 0.3, 0.2 if n < 45 else 0.1, 0.3)
        turned = 0.43 if n < 15 else 0.4
        marks = {"right_eye_x": 0.35, "left_eye_x": 0.45, "nose_x": turned}
        frames.append(seen(video.video_id, n, Detection("face", 0.9, box, marks), task=FACES))
        image = noise if 30 <= n < 40 else cv2.GaussianBlur(noise, (0, 0), 3).astype(np.uint8)
        world.frames.put(video.video_id, n, cv2.imencode(".jpg", image)[1].tobytes())
    [track] = world.make(video, *frames)
    assert track.best is not None
    assert 30 <= track.best.frame_number < 40


def test_frames_far_apart_are_followed_too(world: World) -> None:
    video = world.video()
    frames = [replace(seen(video.video_id, n, walker(n, speed=0.012)), media_time=n / 10.0) for n in range(1, 70, 8)]
    assert [(t.first_frame, t.frames) for t in world.make(video, *frames)] == [(1, 9)]


def test_frames_of_one_time_end_nothing(world: World) -> None:
    video = world.video()
    found = [seen(video.video_id, n, walker(n, speed=0.002)) for n in range(1, 41)]
    frames = [replace(frame, media_time=(frame.frame_number // 3) * 0.3) for frame in found]
    assert [(t.first_frame, t.frames) for t in world.make(video, *frames)] == [(1, 40)], "timestamps out of order"


def test_frames_that_failed_or_are_missing_end_nothing(world: World) -> None:
    video = world.video()
    frames = [
        analyzed(video.video_id, n, a_result([], error="no")) if n % 7 == 0 else seen(video.video_id, n, walker(n))
        for n in range(1, 41)
        if n % 11
    ]
    [track] = world.make(video, *frames)
    assert (track.first_frame, track.last_frame, track.frames) == (1, 40, 32)


def test_tracks_are_the_same_however_their_rows_came(world: World) -> None:
    video = world.video()
    scene = random.Random(5)
    frames = [
        seen(
            video.video_id,
            n,
            *(walker(n, y=y, speed=speed) for y, speed in ((0.1, 0.01), (0.4, 0.008)) if scene.random() > 0.1),
            walker(100 - n, y=0.25),
        )
        for n in range(1, 101)
    ]
    first = world.make(video, *frames)
    other = World()
    again = other.video()
    shuffled = [replace(frame, video_id=again.video_id, worker=f"worker-{i % 4}") for i, frame in enumerate(frames)]
    scene.shuffle(shuffled)
    assert other.make(again, *shuffled) == first
    assert len(first) >= 3


def test_made_in_pieces_they_are_the_same(world: World) -> None:
    video = world.video()
    frames = [seen(video.video_id, n, walker(n % 90, y=0.1), walker(n % 70)) for n in range(970, 1070)]
    whole = world.make(video, *frames)
    kept = [(p.track_id, p.frames.tolist()) for bucket in (0, 1) for p in world.tracks.points(video.video_id, bucket)]
    course = Course(world.stores, video)
    for frame_to in (975, 999, 1000, 1001, 1033, 2000):
        course.go_on(frame_to)
    course.finish()
    assert world.made(video) == whole
    again = [(p.track_id, p.frames.tolist()) for bucket in (0, 1) for p in world.tracks.points(video.video_id, bucket)]
    assert sorted(again) == sorted(kept)
    assert sum(len(numbers) for _, numbers in kept) == sum(track.frames for track in whole)


def test_what_an_earlier_making_left_goes(world: World) -> None:
    video = world.video()
    world.make(video, *(seen(video.video_id, n, walker(n), walker(n, y=0.1)) for n in range(1, 20)))
    world.save(
        replace(video, attempt_timestamp=video.attempt_timestamp + 10),
        (seen(video.video_id, n, walker(n, y=0.1)) for n in range(1, 20)),
    )
    [track] = world.make(video)
    assert track.track_id == "o1-0"
    assert [p.track_id for p in world.tracks.points(video.video_id, 0)] == ["o1-0"]


def test_memory_does_not_grow_with_the_video(world: World) -> None:
    video = world.video()
    world.save(video, (seen(video.video_id, n, walker(n % 80)) for n in range(1, 3001)))
    course = Course(world.stores, video)
    course.go_on(1000)
    tracemalloc.start()
    course.go_on(2000)
    first = tracemalloc.get_traced_memory()[0]
    kept = world.tracks.points(video.video_id, 1)
    course.go_on(3000)
    grown = tracemalloc.get_traced_memory()[0] - first
    tracemalloc.stop()
    of_a_bucket = sum(p.frames.nbytes + p.times.nbytes + p.boxes.nbytes for p in kept)
    assert grown < 3 * of_a_bucket + 200_000, "only what the store keeps in memory"


def test_a_query_finds_by_label_person_and_time(world: World) -> None:
    video = world.video()
    frames = [seen(video.video_id, n, walker(n, label="dog" if n < 30 else "cat", speed=0.0)) for n in range(1, 20)]
    world.make(video, *frames)
    for query, found in (
        (TrackQuery(label="dog"), 1),
        (TrackQuery(label="cat"), 0),
        (TrackQuery(time_from=1.9), 0),
        (TrackQuery(time_from=1.8, time_to=9), 1),
        (TrackQuery(min_seconds=1.8), 1),
        (TrackQuery(min_seconds=2), 0),
        (TrackQuery(person="Ada"), 0),
        (TrackQuery(task=FACES), 0),
    ):
        assert len(world.tracks.page(video.video_id, query, 10).tracks) == found, query
