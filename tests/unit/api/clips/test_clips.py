"""Clips as they are asked for: which frames, at their times, drawn or not; and what is refused."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from api.clips.encoding import ClipFailed, Encoding, Shown
from api.clips.footage import Moment
from api.clips.messages import PictureHead
from api.clips.playlist import SEGMENT_FRAMES, playlist, segments
from api.services import Services
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.settings import ApiSettings
from pipeline.contracts.videos import Video, VideoStatus
from tests.unit.api.clips.recordings import grey, has_box, played, recorded, shade_of

TIMES = {1: 0.0, 4: 0.25, 5: 0.3, 11: 1.3, 1200: 1.8}
"""Of a video whose frames do not come evenly; they are in two buckets."""


def ask(client: TestClient, video: Video, what: str = "clip", **params: Any) -> Response:
    answer: Response = client.get(f"/analysis/{video.video_id}/{what}", params=params)
    return answer


def test_frames_are_shown_at_their_own_times_with_boxes(client: TestClient, services: Services) -> None:
    answer = ask(client, recorded(services, TIMES))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4"), answer.text
    assert answer.headers["content-disposition"].startswith('inline; filename="a.mp4')
    assert answer.content.index(b"moov") < answer.content.index(b"mdat"), "it plays before it is all there"
    pictures = played(answer.content)
    assert [p.at for p in pictures] == pytest.approx(list(TIMES.values()), abs=1e-4)
    assert [p.seconds for p in pictures] == pytest.approx([0.25, 0.05, 1.0, 0.5, 0.375], abs=1e-4)
    assert [shade_of(p) for p in pictures] == pytest.approx([grey(n) for n in TIMES], abs=4)
    assert all(has_box(p) for p in pictures)


def test_a_range_without_boxes(client: TestClient, services: Services) -> None:
    video = recorded(services, TIMES)
    services.frames.delete(video.video_id, [5])
    chosen: dict[str, Any] = {"from": 0.25, "to": 1.3, "annotate": "false"}
    pictures = played(ask(client, video, **chosen).content)
    assert [p.at for p in pictures] == pytest.approx([0.0, 1.05], abs=1e-4)
    assert [shade_of(p) for p in pictures] == pytest.approx([grey(4), grey(11)], abs=4)
    assert not any(has_box(p) for p in pictures)


def test_a_damaged_picture_leaves_its_time_to_the_one_before(client: TestClient, services: Services) -> None:
    video = recorded(services, {1: 0.0, 2: 0.5, 3: 1.0})
    services.frames.put(video.video_id, 2, b"no picture")
    assert [shade_of(p) for p in played(ask(client, video).content)] == pytest.approx([grey(1), grey(3)], abs=4)


def test_when_no_picture_can_be_read_that_is_said(client: TestClient, services: Services) -> None:
    video = recorded(services, {1: 0.0})
    services.frames.put(video.video_id, 1, b"no picture")
    answer = ask(client, video)
    assert (answer.status_code, answer.json()["type"]) == (503, "clip-failed")


def test_segments_follow_each_other_in_the_videos_own_time(client: TestClient, services: Services) -> None:
    times = {n: n * 0.5 for n in range(1, 30)}
    video = recorded(services, times)
    lines = ask(client, video, format="hls", annotate="false").text.splitlines()
    assert lines[0] == "#EXTM3U"
    assert lines[-1] == "#EXT-X-ENDLIST"
    addresses = [line for line in lines if not line.startswith("#")]
    assert addresses == [
        f"clip/segment.ts?frame_from={a}&frame_to={b}&annotate=false" for a, b in ((1, 12), (13, 24), (25, 29))
    ]
    found = [
        p for address in addresses[1:] for p in played(client.get(f"/analysis/{video.video_id}/{address}").content)
    ]
    assert [p.at for p in found] == pytest.approx([times[n] for n in range(13, 30)], abs=1e-3)
    assert [shade_of(p) for p in found] == pytest.approx([grey(n) for n in range(13, 30)], abs=4)


def test_the_list_of_a_video_that_goes_on_grows_by_whole_segments(client: TestClient, services: Services) -> None:
    video = recorded(services, {n: float(n) for n in range(1, 11)}, VideoStatus.PROCESSING)
    growing = ask(client, video, format="hls").text
    assert "frame_from=1&frame_to=6" in growing
    assert "frame_from=7" not in growing
    assert ("#EXT-X-PLAYLIST-TYPE:EVENT" in growing, "#EXT-X-ENDLIST" in growing) == (True, False)
    whole = ask(client, video, format="hls", to=8).text
    assert ("frame_from=7&frame_to=8" in whole, "#EXT-X-ENDLIST" in whole) == (True, True)
    assert "#EXT-X-ENDLIST" not in ask(client, video, format="hls", to=20).text


@pytest.mark.parametrize(
    ("store", "params", "status", "said"),
    [
        (StoreFrames.NONE, {}, 409, "storeFrames none"),
        (StoreFrames.FULL, {"from": 5}, 404, "its frames go up to 1.8 s"),
        (StoreFrames.FULL, {"from": 2, "to": 1}, 422, "the range is empty"),
        (StoreFrames.FULL, {"blur": "faces"}, 409, "faces cannot be blurred"),
        (StoreFrames.FULL, {"format": "gif"}, 422, "format"),
        (StoreFrames.FULL, {"speed": 2}, 422, "speed"),
    ],
)
def test_what_cannot_be_made_is_said(
    client: TestClient, services: Services, store: StoreFrames, params: dict[str, Any], status: int, said: str
) -> None:
    answer = ask(client, recorded(services, TIMES, kept=store), **params)
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text


def test_a_video_without_frames_has_no_clip(client: TestClient, services: Services) -> None:
    answer = ask(client, recorded(services, {}))
    assert (answer.status_code, "none is done yet" in answer.json()["detail"]) == (404, True)


def test_what_is_too_long_for_a_file_is_sent_to_the_playlist(client: TestClient, services: Services) -> None:
    object.__setattr__(services, "settings", ApiSettings(clip_frames=4))
    video = recorded(services, TIMES)
    answer = ask(client, video)
    assert (answer.status_code, "format=hls" in answer.json()["detail"]) == (422, True)
    assert ask(client, video, to=1.3).status_code == 200


def test_a_segment_holds_so_many_frames_and_no_more(client: TestClient, services: Services) -> None:
    video = recorded(services, {n: n / 100 for n in range(1, SEGMENT_FRAMES + 2)})
    assert ask(client, video, "clip/segment.ts", frame_from=1, frame_to=SEGMENT_FRAMES + 1).status_code == 422


def test_the_same_frames_are_always_in_the_same_segments() -> None:
    moments = [Moment(n, n / 100) for n in range(1, 1000)]
    found = list(segments(moments))
    assert [s.frame_to - s.frame_from + 1 for s in found] == [300, 300, 300, 99]
    assert sum(s.seconds for s in found) == pytest.approx(9.99)
    assert list(segments(moments[:700]))[:2] == found[:2]
    assert "#EXT-X-TARGETDURATION:3\n" in playlist(found, True, {})


def test_a_clip_that_was_stopped_before_it_began_is_not_begun() -> None:
    work = Encoding("mp4", 10.0)
    work.stop()
    with pytest.raises(ClipFailed, match="nobody waits"):
        work.run([])


def test_an_encoder_that_dies_says_so(caplog: pytest.LogCaptureFixture) -> None:
    work = Encoding("mp4", 10.0, ("/bin/sh", "-c", "echo no codec >&2; exit 3"))
    with pytest.raises(ClipFailed, match="could not be encoded"):
        work.run([Shown(PictureHead(0.0, 1.0), bytes(2**20))] * 3)
    assert "no codec" in caplog.text


def test_who_does_not_wait_any_more_ends_the_encoder() -> None:
    work = Encoding("mp4", 10.0, ("/bin/sh", "-c", "exec sleep 60"))
    threading.Timer(0.3, work.stop).start()
    with pytest.raises(ClipFailed, match="nobody waits"):
        work.run([Shown(PictureHead(0.0, 1.0), bytes(2**20))] * 3)


def test_a_picture_that_cannot_be_read_from_the_store_ends_the_encoder() -> None:
    def pictures() -> Iterator[Shown]:
        yield Shown(PictureHead(0.0, 1.0), b"x")
        raise StoreUnavailable("away")

    with pytest.raises(StoreUnavailable):
        Encoding("mp4", 10.0, ("/bin/sh", "-c", "exec sleep 60")).run(pictures())
