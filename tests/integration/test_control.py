"""Control on the real stores: many at once, what comes late, and what is left in which table."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.services import Services
from ingest.wiping import Wiper
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.deletions import CassandraDeletionStore
from pipeline.cassandra.faces import CassandraFaceStore
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.submissions import CassandraSubmissionStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.completion import complete_if_full
from pipeline.contracts.errors import NotFound, Problem, StoreUnavailable
from pipeline.contracts.results import Box, Detection, TaskName
from pipeline.contracts.settings import ApiSettings
from pipeline.contracts.videos import TERMINAL, LedgerCount, SourceProgress, Video, VideoStatus
from pipeline.deleting import delete, remains
from pipeline.kafka.publishing import InMemoryPublisher
from pipeline.stores.deletions import STEPS, DeletionStore, DueWipe, InMemoryDeletionStore
from pipeline.stores.faces import FaceVector, TrackVector
from pipeline.stores.frames import FolderFrameStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.models import InMemoryModelStore
from pipeline.stores.results import count
from pipeline.stores.rows import ResultQuery
from pipeline.stores.submissions import Claim, InMemorySubmissionStore, SubmissionKey, SubmissionStore
from pipeline.stores.videos import CreatedCursor, VideoStore
from tests.integration.races import race
from tests.integration.test_clear_frames import named
from tests.unit.factories import a_result, a_video, analyzed
from tests.unit.pipeline.clearings import AT, JPEG, World

CANCELLED, COMPLETED, FAILED, PENDING, PROCESSING = (
    VideoStatus.CANCELLED,
    VideoStatus.COMPLETED,
    VideoStatus.FAILED,
    VideoStatus.PENDING,
    VideoStatus.PROCESSING,
)
TOMBSTONES = {"deleted_videos", "due_wipes"}


@pytest.fixture
def world(client: CassandraClient, tmp_path: Path) -> World:
    return World(tmp_path, CassandraVideoStore(client), CassandraResultStore(client))


@pytest.fixture(params=["memory", "cassandra"])
def videos(request: pytest.FixtureRequest, client: CassandraClient) -> VideoStore:
    return InMemoryVideoStore() if request.param == "memory" else CassandraVideoStore(client)


@pytest.fixture(params=["memory", "cassandra"])
def deletions(request: pytest.FixtureRequest, client: CassandraClient) -> DeletionStore:
    return InMemoryDeletionStore() if request.param == "memory" else CassandraDeletionStore(client)


@pytest.fixture(params=["memory", "cassandra"])
def submissions(request: pytest.FixtureRequest, client: CassandraClient) -> SubmissionStore:
    return InMemorySubmissionStore() if request.param == "memory" else CassandraSubmissionStore(client)


def now_known(videos: VideoStore, video_id: UUID) -> Video:
    video = videos.get(video_id)
    assert video is not None
    return video


def ended(videos: VideoStore, status: VideoStatus = FAILED) -> Video:
    video = a_video()
    videos.create(video)
    videos.transition(video.video_id, PROCESSING)
    videos.set_expected(video.video_id, 5, 50)
    videos.transition(video.video_id, status, Problem("x", "y", "z") if status is FAILED else None)
    return now_known(videos, video.video_id)


def listed_as_ended(videos: VideoStore, video_id: UUID) -> int:
    return [e.video_id for e in videos.ended_listings()].count(video_id)


@pytest.mark.parametrize("status", [FAILED, CANCELLED])
def test_a_retry_begins_another_attempt(videos: VideoStore, status: VideoStatus) -> None:
    video = ended(videos, status)
    assert videos.retry(video)
    again = now_known(videos, video.video_id)
    assert again.attempt_timestamp >= video.attempt_timestamp + 10
    cleared = replace(video, status=PENDING, attempt=2, attempt_timestamp=again.attempt_timestamp)
    cleared = replace(cleared, started_at=None, finished_at=None, frames_expected=None, last_frame_number=None)
    assert again == replace(cleared, error=None)
    assert video.video_id in videos.open_videos()
    assert listed_as_ended(videos, video.video_id) == 0
    assert not videos.retry(video)
    videos.transition(video.video_id, PROCESSING)
    videos.transition(video.video_id, FAILED)
    assert listed_as_ended(videos, video.video_id) == 1
    assert [v.video_id for v in videos.ended_videos(FAILED, 1000)].count(video.video_id) == 1


def test_what_is_not_over_or_is_complete_is_not_tried_again(videos: VideoStore) -> None:
    waiting = a_video()
    videos.create(waiting)
    for video in (waiting, ended(videos, COMPLETED)):
        assert not videos.retry(video)
        assert now_known(videos, video.video_id) == video
        assert (video.video_id in videos.open_videos()) is (video is waiting)
    with pytest.raises(NotFound):
        videos.retry(a_video(status=FAILED))


def test_of_many_who_retry_one_does(videos: VideoStore) -> None:
    video = ended(videos)
    assert sum(race(8, lambda _: videos.retry(video))) == 1
    assert now_known(videos, video.video_id).attempt == 2
    assert video.video_id in videos.open_videos()


def test_what_holds_for_an_earlier_attempt_changes_nothing(videos: VideoStore) -> None:
    video = ended(videos)
    videos.retry(video)
    videos.transition(video.video_id, PROCESSING)
    assert not videos.transition(video.video_id, COMPLETED, attempt=1)
    videos.set_expected(video.video_id, 3, 3, attempt=1)
    assert now_known(videos, video.video_id).frames_expected is None
    videos.set_expected(video.video_id, 4, 4, attempt=2)
    assert now_known(videos, video.video_id).frames_expected == 4
    assert videos.transition(video.video_id, COMPLETED, attempt=2)


@pytest.mark.parametrize("status", VideoStatus)
def test_a_video_is_deleted_in_any_state_as_it_is_given(videos: VideoStore, status: VideoStatus) -> None:
    video = a_video()
    videos.create(video)
    lease = videos.claim(video.video_id, "a", 30)
    assert lease is not None
    if status is not PENDING:
        videos.transition(video.video_id, PROCESSING)
    if status in TERMINAL:
        videos.transition(video.video_id, status)
    known = now_known(videos, video.video_id)
    assert not videos.delete(replace(known, attempt=2))
    assert videos.delete(known)
    assert not videos.delete(known)
    assert videos.get(video.video_id) is None
    assert not videos.renew(lease)
    with pytest.raises(NotFound):
        videos.transition(video.video_id, FAILED)


def test_videos_of_one_name_come_newest_first(videos: VideoStore) -> None:
    name, at = f"n-{uuid4()}", datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)
    made = [replace(a_video(created_at=at + timedelta(seconds=n)), external_id=name) for n in range(5)]
    for video in made:
        videos.create(video)
    videos.create(replace(a_video(), external_id=f"{name}-other"))
    videos.transition(made[1].video_id, CANCELLED)
    wanted = [v.video_id for v in reversed(made)]
    assert [v.video_id for v in videos.videos_named(name, 10)] == wanted
    first = videos.videos_named(name, 2)
    after = CreatedCursor(first[-1].created_at, first[-1].video_id)
    assert [v.video_id for v in (*first, *videos.videos_named(name, 10, after))] == wanted
    videos.delete(made[4])
    videos.forget(made[4].video_id)
    assert [v.video_id for v in videos.videos_named(name, 10)] == wanted[1:]


def test_a_name_of_one_that_came_too_late_is_put_right(client: CassandraClient) -> None:
    videos, name = CassandraVideoStore(client), f"n-{uuid4()}"
    video = replace(a_video(), external_id=name)
    videos.create(video)
    with pytest.raises(Exception, match="exists"):
        videos.create(replace(video, created_at=video.created_at + timedelta(seconds=5)))
    assert videos.videos_named(name, 10) == [video]
    videos.delete(video)
    videos.forget(video.video_id)
    assert "external_ids" not in named(client, video.video_id)


def test_a_deletion_is_remembered_and_due_again(deletions: DeletionStore) -> None:
    video = replace(a_video(), key_id="k")
    first = deletions.enter(video)
    assert (first.video_id, first.created_at, first.status, first.key_id) == (
        video.video_id,
        video.created_at,
        PENDING,
        "k",
    )
    later = deletions.enter(replace(video, status=FAILED, finished_at=video.created_at))
    assert (later.deleted_at, later.status, later.finished_at) == (first.deleted_at, FAILED, video.created_at)
    assert deletions.get(video.video_id) == later
    assert deletions.get(uuid4()) is None

    def due(seconds: float) -> list[DueWipe]:
        found = deletions.due(first.deleted_at + timedelta(seconds=seconds), 1000)
        return [d for d in found if d.video_id == video.video_id]

    assert due(4.9) == []
    (wipe,) = due(5)
    again = wipe.next(False, wipe.due_at)
    assert again is not None
    for _ in range(2):
        deletions.looked(wipe, again)
    assert (due(29), due(31)) == ([], [again])
    last = replace(again, step=len(STEPS) - 1)
    assert last.next(False, last.due_at) is None
    deletions.looked(again, None)
    assert due(10**6) == []


def test_a_key_stands_for_what_was_claimed_first(submissions: SubmissionStore) -> None:
    key = SubmissionKey("", f"k-{uuid4()}")
    assert submissions.find(key) is None
    claims = race(10, lambda n: submissions.claim(key, Claim(uuid4(), f"print {n}")))
    assert len(set(claims)) == 1
    assert submissions.find(key) == claims[0]
    other = Claim(uuid4(), "other")
    assert submissions.claim(replace(key, scope="somebody"), other) == other
    assert claims[0].video_id is not None
    submissions.forget(claims[0].video_id)
    assert submissions.claim(key, Claim(uuid4(), "new")) == Claim(None, None)


def know_somebody(client: CassandraClient, world: World, video_id: UUID) -> None:
    """A known person, and what a search by face goes by."""
    face = Detection("Ada", 0.7, Box(0.1, 0.1, 0.2, 0.2), person_id=uuid4())
    frame = analyzed(video_id, 11, a_result([face], TaskName.IDENTITIES))
    world.results.save([frame], {video_id: AT})
    faces, vector = CassandraFaceStore(client), np.eye(256, dtype=np.float32)[0]
    faces.keep([FaceVector(video_id, 11, "m", 1.0, Box(0.1, 0.1, 0.2, 0.2), 0.7, vector)], {video_id: AT})
    faces.save_tracks([TrackVector(video_id, "f11-1", "m", 1.0, 2.0, 11, 3, vector)])


def test_a_deleted_video_leaves_nothing_but_its_tombstone(client: CassandraClient, world: World) -> None:
    deletions, key = CassandraDeletionStore(client), SubmissionKey("", f"k-{uuid4()}")
    video = replace(a_video(), attempt_timestamp=AT, external_id="x")
    submissions = CassandraSubmissionStore(client)
    submissions.claim(key, Claim(video.video_id, "print"))
    world.videos.create(video)
    world.videos.transition(video.video_id, PROCESSING)
    world.store(video.video_id, 1, 11, 1001)
    world.results.clear(video.video_id, 0, world.results.entries(video.video_id, 0)[:1], AT + 1)
    know_somebody(client, world, video.video_id)
    lease = world.videos.claim(video.video_id, "a", 30)
    assert lease is not None
    known = {"people_of_videos", "videos_of_people", "face_vectors", "track_vectors_256"}
    assert known | {"external_ids", "video_names", "idempotency_keys", "ledger"} <= {*named(client, video.video_id)}
    delete(world.stores, deletions, video.video_id)
    assert {*named(client, video.video_id)} == TOMBSTONES
    assert submissions.find(key) == Claim(None, None)
    world.results.save([analyzed(video.video_id, n) for n in (1, 3, 1001, 1002, 2001, 3999)], {video.video_id: AT})
    world.results.recount(video.video_id, range(5))
    assert {*named(client, video.video_id)} == TOMBSTONES  # what is late is never seen
    assert world.results.page(video.video_id, ResultQuery(), 100).rows == ()
    assert not world.videos.renew(lease)
    world.videos.release(lease)
    with pytest.raises(NotFound):
        world.videos.set_expected(video.video_id, 3, 3)
    assert {*named(client, video.video_id)} == TOMBSTONES


def test_what_comes_late_where_nobody_looked_is_swept(client: CassandraClient, world: World) -> None:
    deletions, video = CassandraDeletionStore(client), world.processing(1)
    delete(world.stores, deletions, video.video_id)
    world.results.save([analyzed(video.video_id, 90_001)], {video.video_id: AT})
    world.frames.put(video.video_id, 90_001, JPEG)
    world.videos.save_sampled(video.video_id, 90, [90_001])
    world.videos.save_progress(video.video_id, SourceProgress(frames_decoded=3))
    assert {*named(client, video.video_id)} > TOMBSTONES
    later = datetime.now(UTC) + timedelta(seconds=6)
    Wiper(world.stores, deletions, lambda: later).sweep()
    assert {*named(client, video.video_id)} == TOMBSTONES
    assert not remains(world.stores, video.video_id)


def test_deleting_while_everybody_writes_ends_in_nothing(client: CassandraClient, world: World) -> None:
    deletions = CassandraDeletionStore(client)
    for _ in range(2):
        video = world.processing(1, 2, 3)

        def act(number: int, video: Video = video) -> None:
            try:
                if number < 3:
                    delete(world.stores, deletions, video.video_id)
                elif number < 5:
                    world.videos.transition(video.video_id, (FAILED, CANCELLED)[number - 3])
                elif number == 5:
                    world.videos.retry(now_known(world.videos, video.video_id))
                else:
                    world.results.save([analyzed(video.video_id, number)], {video.video_id: AT})
            except (NotFound, AssertionError, StoreUnavailable):
                pass  # a busy server may not answer in time; what was left is done by who looks again

        race(8, act)
        later = datetime.now(UTC) + timedelta(seconds=6)
        Wiper(world.stores, deletions, lambda at=later: at).sweep()  # type: ignore[misc]
        assert world.videos.get(video.video_id) is None
        assert {*named(client, video.video_id)} <= TOMBSTONES


def test_a_late_failure_of_an_earlier_attempt_completes_nothing(world: World) -> None:
    """Rows of the first attempt arrive when the second has begun: they neither count nor hide its outcomes."""
    video = world.processing(1, 2)
    world.store(video.video_id, 3, error="it raised")
    world.videos.set_expected(video.video_id, 4, 4)
    world.videos.transition(video.video_id, FAILED)
    assert world.videos.retry(world.known(video.video_id))
    again = world.known(video.video_id)
    world.videos.transition(video.video_id, PROCESSING)
    assert world.results.reopen(video.video_id, 0, again.attempt_timestamp) == {1, 2}
    late = [analyzed(video.video_id, n, a_result(error="late")) for n in (3, 4)]
    world.results.save(late, {video.video_id: AT})
    world.videos.set_expected(video.video_id, 4, 4, attempt=2)
    assert not complete_if_full(world.videos, world.results, video.video_id)
    assert count(world.results, video.video_id) == LedgerCount(2, 0)
    done = [analyzed(video.video_id, n, attempt=2) for n in (3, 4)]
    world.results.save(done, {video.video_id: again.attempt_timestamp})
    world.results.save(late, {video.video_id: AT})
    assert complete_if_full(world.videos, world.results, video.video_id)
    assert count(world.results, video.video_id) == LedgerCount(4, 0)


@pytest.fixture
def service(client: CassandraClient, tmp_path: Path) -> Iterator[TestClient]:
    """The real application over the real stores."""
    services = Services(
        ApiSettings(),
        CassandraVideoStore(client),
        CassandraResultStore(client),
        FolderFrameStore(tmp_path / "frames"),
        InMemoryModelStore(),
        InMemoryPublisher(),
        tmp_path / "sources",
        deletions=CassandraDeletionStore(client),
        submissions=CassandraSubmissionStore(client),
    )
    with TestClient(create_app(services), base_url="http://127.0.0.1", raise_server_exceptions=False) as found:
        yield found


def test_a_hundred_identical_submissions_make_one_video(service: TestClient) -> None:
    key, name = {"Idempotency-Key": f"k-{uuid4()}"}, f"n-{uuid4()}"
    body = {"videoURL": "https://example.com/a.mp4", "externalId": name}
    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda _: service.post("/analysis/start", json=body, headers=key), range(100)))
    assert {answer.status_code for answer in answers} == {202}
    (video_id,) = {answer.json()["video_id"] for answer in answers}
    found = service.get("/analysis/videos", params={"external_id": name}).json()
    assert [video["video_id"] for video in found["items"]] == [video_id]
    assert service.delete(f"/analysis/{video_id}").status_code == 204
    assert service.post("/analysis/start", json=body, headers=key).status_code == 409
    assert service.get("/analysis/videos", params={"external_id": name}).json()["items"] == []


def test_uploads_at_the_same_time_keep_one_file(service: TestClient, tmp_path: Path) -> None:
    key = {"Idempotency-Key": f"k-{uuid4()}"}

    def send(_: int) -> tuple[int, str]:
        answer = service.post("/analysis/upload", files={"file": ("a.mp4", b"film" * 1000)}, headers=key)
        return answer.status_code, str(answer.json().get("video_id"))

    with ThreadPoolExecutor(12) as pool:
        answers = {*pool.map(send, range(24))}
    assert len(answers) == 1
    ((status, video_id),) = answers
    assert status == 202
    assert [p.name for p in (tmp_path / "sources").iterdir()] == [video_id]


def test_deleting_what_is_much_is_one_request(service: TestClient, client: CassandraClient, tmp_path: Path) -> None:
    world = World(tmp_path, CassandraVideoStore(client), CassandraResultStore(client))
    video = world.processing(*range(1, 801))
    assert service.delete(f"/analysis/{video.video_id}").status_code == 204
    assert {*named(client, video.video_id)} == TOMBSTONES
    assert world.stored(video.video_id) == []
