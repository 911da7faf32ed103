"""What ingest writes down of a video's source."""

from ingest.journal import Journal
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from tests.unit.factories import a_video


def test_sampled_frames_never_become_fewer_after_a_take_over() -> None:
    videos, video = InMemoryVideoStore(), a_video()
    videos.create(video)
    first, second = Journal(videos, video.video_id), Journal(videos, video.video_id)
    for number in range(1, 1500, 10):
        first.sampled(number)
    first.write()
    second.sampled(1)
    second.write()
    assert videos.sampled(video.video_id, 0) == tuple(range(1, 1000, 10))
    for number in range(11, 2500, 10):
        second.sampled(number)
    second.write()
    assert videos.sampled(video.video_id, 1) == tuple(range(1001, 2000, 10))
    assert videos.sampled_buckets(video.video_id) == (0, 1, 2)
