"""`clear_frames.py` on real stores: what is left in which table, beside others, interrupted, and from any folder."""

import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from cassandra.cluster import ResultSet

from ingest.sweeper import Sweeper
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.clearing import Cleared
from pipeline.completion import complete_if_full
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import ROOT, CassandraSettings
from pipeline.contracts.videos import Lease, LedgerCount, VideoStatus
from pipeline.stores.results import count
from pipeline.stores.rows import ResultQuery
from stack.ports import free_ports
from tests.integration.races import race
from tests.unit.factories import T0, analyzed
from tests.unit.pipeline.clearings import AT, JPEG, MIXTURE_CLEARED, Mixture, World, a_mixture, moment

SCRIPT = ROOT / "clear_frames.py"


@pytest.fixture
def world(client: CassandraClient, tmp_path: Path) -> World:
    """Stores whose tables are empty."""
    for table in tables(client):
        client.session.execute(f"TRUNCATE {table}")
    return World(tmp_path, CassandraVideoStore(client), CassandraResultStore(client))


def tables(client: CassandraClient) -> list[str]:
    """The tables of the keyspace that hold something of videos."""
    keyspace = client.settings.keyspace
    rows = client.session.execute(
        "SELECT table_name, column_name FROM system_schema.columns WHERE keyspace_name = %s", (keyspace,)
    )
    return sorted({row.table_name for row in rows if row.column_name == "video_id"})


def content(client: CassandraClient) -> dict[str, list[str]]:
    """Every row of every table."""
    return {name: sorted(map(str, client.session.execute(f"SELECT * FROM {name}"))) for name in tables(client)}


def named(client: CassandraClient, video_id: UUID) -> dict[str, list[str]]:
    """The rows of every table that name a video."""
    found = {name: [row for row in rows if str(video_id) in row] for name, rows in content(client).items()}
    return {name: rows for name, rows in found.items() if rows}


def files(world: World) -> dict[str, bytes]:
    """Every file."""
    return {str(p.relative_to(world.root)): p.read_bytes() for p in sorted(world.root.rglob("*")) if p.is_file()}


def check_cleared(client: CassandraClient, world: World, mixture: Mixture) -> None:
    """What is there once a mixture was cleared: no file without a row, no row without its file."""
    running, kept = mixture.running.video_id, mixture.kept.video_id
    assert world.stored(running) == world.entered(running) == [1002, 2002]
    assert world.stored(kept) == world.entered(kept) == [1006]
    assert count(world.results, running) == LedgerCount(7, 0)
    assert count(world.results, kept) == LedgerCount(3, 0)
    assert len(world.results.page(running, ResultQuery(), 100).rows) == 4
    for gone in (mixture.failed.video_id, mixture.cancelled.video_id, mixture.unknown):
        assert named(client, gone) == {}
        assert not list(world.root.glob(f"*/{gone}"))


def test_a_video_that_went_leaves_nothing_in_any_table(client: CassandraClient, world: World) -> None:
    video = world.processing(1, 11, 991, 1001, 2001)
    world.store(video.video_id, 2011, error="it raised")
    before_any = moment() - timedelta(days=1)
    world.results.clear(video.video_id, 0, world.results.entries(video.video_id, 0)[:1], AT + 1)
    lease = world.videos.claim(video.video_id, "a", 30)
    assert lease is not None
    world.videos.set_expected(video.video_id, 6, 2011)
    assert complete_if_full(world.videos, world.results, video.video_id)
    world.videos.release(lease)
    assert {*named(client, video.video_id)} == {
        "changed_buckets",
        "cleared_frames",
        "ended_videos",
        "ledger",
        "ledger_counts",
        "results",
        "sampled_frames",
        "source_progress",
        "videos",
    }
    assert world.clear(before_any) == Cleared(0, 1, 0, len(JPEG))
    assert world.clear(moment()) == Cleared(1, 5, 10, 5 * len(JPEG))
    assert named(client, video.video_id) == {}
    world.results.save([analyzed(video.video_id, n) for n in (1, 991, 1001, 2011)], {video.video_id: AT})
    world.results.recount(video.video_id, [0, 1, 2])
    assert not world.videos.renew(lease)
    world.videos.release(lease)
    assert named(client, video.video_id) == {}


def test_a_claim_that_comes_late_does_not_bring_a_video_back(client: CassandraClient, world: World) -> None:
    """Between the claim's read and its write, the video goes."""
    video = world.ended()

    class Slow(CassandraClient):
        def apply(self, cql: str, values: object = ()) -> bool:
            world.clear(moment())
            return client.apply(cql, values)  # type: ignore[arg-type]

    slow = Slow(client.settings)
    try:
        assert CassandraVideoStore(slow).claim(video.video_id, "a", 30) is None
    finally:
        slow.close()
    assert named(client, video.video_id) == {}
    assert not world.videos.renew(Lease(video.video_id, "a", 1))


def test_a_dry_run_says_the_same_and_changes_nothing(client: CassandraClient, world: World) -> None:
    mixture = a_mixture(world)
    was = content(client), files(world)
    assert world.clear(mixture.before, dry_run=True) == MIXTURE_CLEARED
    assert (content(client), files(world)) == was
    assert world.clear(mixture.before) == MIXTURE_CLEARED
    check_cleared(client, world, mixture)
    was = content(client), files(world)
    assert world.clear(mixture.before) == Cleared()
    assert (content(client), files(world)) == was


class Dying(CassandraClient):
    """Takes so many writes, and none after that."""

    left = 0

    def execute(self, cql: str, values: Sequence[Any] = ()) -> ResultSet:
        if not cql.startswith("SELECT"):
            self._count()
        return super().execute(cql, values)

    def write_many(self, groups: Iterable[tuple[str, Sequence[Sequence[Any]]]], at_once: int = 32) -> None:
        for group in groups:
            self._count()
            super().write_many([group], at_once)

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise StoreUnavailable("the test says so")


@pytest.fixture
def dying(client: CassandraClient) -> Iterator[Dying]:
    dying = Dying(client.settings)
    yield dying
    dying.close()


def test_runs_that_die_after_any_write_come_to_the_same_end(
    client: CassandraClient, dying: Dying, world: World
) -> None:
    mixture, chance = a_mixture(world), random.Random(4)
    broken = replace(world, videos=CassandraVideoStore(dying), results=CassandraResultStore(dying))
    for _ in range(200):
        dying.left = chance.randrange(1, 80)  # to forget one video takes some thirty of them
        with suppress(StoreUnavailable):
            broken.clear(mixture.before)
        assert count(world.results, mixture.running.video_id) == LedgerCount(7, 0)
        assert count(world.results, mixture.kept.video_id) == LedgerCount(3, 0)
        for video in mixture.videos:
            assert {*world.entered(video.video_id)} <= {*world.stored(video.video_id)}
        if dying.left >= 0:
            break
    check_cleared(client, world, mixture)
    world.end(mixture.running)
    world.clear(moment())
    assert content(client) == {name: [] for name in tables(client)}


def test_several_may_clear_at_once(client: CassandraClient, world: World) -> None:
    mixture = a_mixture(world)
    race(4, lambda number: world.clear(mixture.before - timedelta(days=number % 2)))
    world.clear(mixture.before)
    check_cleared(client, world, mixture)


def test_frames_that_arrive_meanwhile_are_counted_and_kept(world: World) -> None:
    """A sink writes beside the clearing: what it stored later than the moment stays, and nothing is lost."""
    video = world.processing(*range(1, 401))
    before = moment()
    stop = threading.Event()

    def arrive() -> None:
        for number in range(401, 701, 10):
            world.store(video.video_id, *range(number, number + 10))
        stop.set()

    arriving = threading.Thread(target=arrive)
    arriving.start()
    while not stop.is_set():
        world.clear(before)
        assert count(world.results, video.video_id).total >= 400
    arriving.join(60)
    assert count(world.results, video.video_id) == LedgerCount(700, 0)
    assert world.stored(video.video_id) == world.entered(video.video_id) == list(range(401, 701))
    world.videos.set_expected(video.video_id, 700, 700)
    assert complete_if_full(world.videos, world.results, video.video_id)


def test_a_bucket_of_every_second_frame_goes_without_the_others(world: World) -> None:
    video = world.processing(*range(1, 2001, 2))
    world.clear(moment())
    world.store(video.video_id, *range(2, 1001, 2))
    assert world.entered(video.video_id) == list(range(2, 1001, 2))
    assert count(world.results, video.video_id) == LedgerCount(1500, 0)


def test_the_sweeper_takes_out_what_names_no_video(client: CassandraClient, world: World) -> None:
    """As when a submission dies between its two writes."""
    old, new = uuid4(), uuid4()
    now = moment()
    for video_id, at in ((old, now - timedelta(hours=2)), (new, now)):
        client.session.execute(
            "INSERT INTO open_videos (shard, created_at, video_id) VALUES (0, %s, %s)", (at, video_id)
        )
    running = world.processing(1)
    Sweeper(world.videos, world.results, world.sources, 600).sweep()
    assert {entry.video_id for entry in world.videos.open_listings()} == {new, running.video_id}


def run(world: World, settings: CassandraSettings, *arguments: str, python: str | None = None) -> tuple[int, str, str]:
    """Status and output of the script, started in another folder."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FRAMEWISE_")} | {
        "FRAMEWISE_CASSANDRA_HOSTS": settings.cassandra_hosts,
        "FRAMEWISE_CASSANDRA_PORT": str(settings.cassandra_port),
        "FRAMEWISE_CASSANDRA_TIMEOUT": "5",
        "FRAMEWISE_KEYSPACE": settings.keyspace,
        "FRAMEWISE_DATA_DIR": str(world.root),
    }
    done = subprocess.run(
        [*([python] if python else []), str(SCRIPT), *arguments],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_script_clears_by_age(client: CassandraClient, world: World) -> None:
    video, running = world.ended(1, 2, 3), world.processing(1)
    client.session.execute(
        "UPDATE ledger SET stored_at = %s WHERE video_id = %s AND bucket = 0 AND frame_number = 2",
        (T0 - timedelta(days=2000), video.video_id),
    )
    status, said, complained = run(world, client.settings, "--days", "1000", "--dry-run")
    assert (status, said.splitlines()[0], complained) == (
        0,
        f"{video.video_id}  a.mp4: 1 frame, 2 result rows, 9 bytes",
        "",
    )
    status, said, complained = run(world, client.settings, "--days", "0.5")
    assert (status, complained) == (0, "")
    assert world.entered(video.video_id) == [1, 3]
    status, said, complained = run(world, client.settings, "--days=0")
    assert (status, complained) == (0, "")
    assert f"{video.video_id}  a.mp4: 2 frames, 4 result rows, 18 bytes; the video went as a whole" in said
    assert f"{running.video_id}  a.mp4: 1 frame, 2 result rows, 9 bytes\n" in said
    assert said.splitlines()[-1].endswith("3 frames, 6 result rows, 27 bytes; 1 whole video")
    assert named(client, video.video_id) == {}
    assert world.known(running.video_id) == running
    status, said, _ = run(world, client.settings, "--days", "0")
    assert said.splitlines()[0].startswith("cleared")


def test_another_python_hands_over_to_the_project(client: CassandraClient, world: World, tmp_path: Path) -> None:
    other = next((p for p in ("/usr/bin/python3", shutil.which("python3")) if p and Path(p).exists()), None)
    if other is None or not (ROOT / ".venv" / "bin" / "python").exists():
        pytest.skip("there is no second Python, or no .venv to hand over to")
    status, said, complained = run(world, client.settings, "--days", "7", python=other)
    assert (status, complained) == (0, "")
    assert "0 frames" in said


def test_without_an_environment_it_says_what_to_do(tmp_path: Path) -> None:
    shutil.copy(SCRIPT, tmp_path)
    bare = subprocess.run(
        [sys.executable, "-S", "-P", str(tmp_path / SCRIPT.name), "--days", "7"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert bare.returncode == 1
    assert "run ./run.sh once" in bare.stderr


def test_without_cassandra_it_says_so(world: World, cassandra_settings: CassandraSettings) -> None:
    nowhere = cassandra_settings.model_copy(update={"cassandra_port": free_ports(1)[0]})
    status, said, complained = run(world, nowhere, "--days", "7")
    assert (status, said) == (1, "")
    assert "error: Cassandra does not answer" in complained
    assert "Traceback" not in complained


def test_a_video_that_ends_while_it_is_cleared_is_complete(world: World) -> None:
    video = world.processing(1, 2, 3)
    world.videos.set_expected(video.video_id, 3, 3)
    world.clear(moment())
    assert complete_if_full(world.videos, world.results, video.video_id)
    assert world.known(video.video_id).status is VideoStatus.COMPLETED
    assert world.clear(moment()) == Cleared(videos=1)
