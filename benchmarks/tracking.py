"""Owns the measurement of tracks: identity switches, fragments and a line's counts on labelled walkers, and the speed.

`python -m benchmarks.tracking` needs neither servers nor a model: what was found lies beside the labels.
"""

import time
from collections import defaultdict
from dataclasses import replace
from uuid import UUID

from api.tracks.crossings import Crossings
from benchmarks.walkers import LINE, agreement, crossings, found
from pipeline.contracts.frames import MAX_FRAME_NUMBER
from pipeline.contracts.results import Box
from pipeline.contracts.tracks import Track
from pipeline.stores.frames import InMemoryFrameStore
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_tracks import InMemoryTrackStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.tracks import TrackQuery
from tests.unit.factories import a_video
from tracking.course import Course, Stores

STEPS = (1, 2, 3, 5, 10)
LONG = 20
"""Times the film is repeated to measure the speed."""


class Tracked:
    """The walkers' tracks of every `step`-th frame."""

    def __init__(self, step: int = 1) -> None:
        self.video = a_video()
        self.stores = Stores(InMemoryVideoStore(), InMemoryResultStore(), InMemoryFrameStore(), InMemoryTrackStore())
        self.stores.results.save(list(found(self.video.video_id, step)), {self.video.video_id: 1})
        began = time.perf_counter()
        course = Course(self.stores, self.video)
        course.go_on(MAX_FRAME_NUMBER)
        course.finish()
        self.seconds = time.perf_counter() - began

    @property
    def tracks(self) -> tuple[Track, ...]:
        """All of them."""
        return self.stores.tracks.page(self.video.video_id, TrackQuery(), 10_000).tracks

    def people(self) -> dict[int, list[tuple[str, Box]]]:
        """For each frame the boxes of people, with the names of their tracks."""
        names = {track.track_id for track in self.tracks if track.label == "person"}
        shown: defaultdict[int, list[tuple[str, Box]]] = defaultdict(list)
        for points in self.stores.tracks.points(self.video.video_id, 0):
            if points.track_id in names:
                for frame, box in zip(points.frames.tolist(), points.boxes.tolist(), strict=True):
                    shown[frame].append((points.track_id, Box(*box)))
        return dict(shown)

    def crossed(self) -> tuple[int, int]:
        """Who crossed the line to the left of the picture, and to its right."""
        labels = {track.track_id: track.label for track in self.tracks}
        line = Crossings(LINE, 60.0)
        for points in self.stores.tracks.points(self.video.video_id, 0):
            if labels.get(points.track_id) == "person":
                line.add(points, "person")
        return line.total(inwards=True), line.total(inwards=False)


def main() -> None:
    """Print the figures."""
    left, right = crossings()
    print(f"line, by eye: {left} to the left, {right} to the right")
    for step in STEPS:
        tracked = Tracked(step)
        found_ = agreement(tracked.people(), step)
        people = [track for track in tracked.tracks if track.label == "person"]
        print(
            f"{10 / step:4.1f} frames/s: {found_.switches} switches, {found_.fragments} fragments, {found_.missed} of "
            f"{found_.walkers} missed, {found_.extra} extra; {len(people)} tracks of people in the film; "
            f"line {tracked.crossed()}"
        )
    _speed()


def _speed() -> None:
    """Frames a second, and what memory it takes as the video grows, over in-memory twins."""
    video, results = replace(a_video(), video_id=UUID(int=7)), InMemoryResultStore()
    once = list(found(video.video_id))
    for i in range(LONG):
        again = [
            replace(frame, frame_number=frame.frame_number + i * len(once), media_time=frame.media_time + i * 79.5)
            for frame in once
        ]
        results.save(again, {video.video_id: 1})
    course = Course(Stores(InMemoryVideoStore(), results, InMemoryFrameStore(), InMemoryTrackStore()), video)
    began = time.perf_counter()
    course.go_on(MAX_FRAME_NUMBER)
    course.finish()
    print(f"{LONG * len(once) / (time.perf_counter() - began):,.0f} frames/s with nine findings each")


if __name__ == "__main__":
    main()
