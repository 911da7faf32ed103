"""A disk that fills during an analysis: said clearly, nothing half stored, and it goes on when there is space."""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.contracts.frames import bucket_of
from stack.trial import Trial, data_folder, trial
from tests.e2e.clips import make_noise
from tests.e2e.service import Service
from tests.waiting import wait_until

FRAMES, MORE_FRAMES = 240, 1500
WAIT_SECONDS = 240.0
SETTLED_SECONDS = 6.0


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A tmpfs over a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path, leave: int) -> Path:
    """Leave so many bytes free; remove the file to free the rest."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(bytes(2**20))
        file.truncate(file.tell() - leave)
    return filler


def done(service: Service, path: str) -> int:
    try:
        return int(service.http.get(path).raise_for_status().json()["frames"]["done"])
    except httpx.HTTPError:
        return -1


def settled(service: Service, path: str) -> int:
    """How many frames are done once that number has not grown for a while, which is fewer than all."""
    last, since = done(service, path), time.monotonic()
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() - since < SETTLED_SECONDS:
        assert time.monotonic() < until
        if (now := done(service, path)) != last:
            last, since = now, time.monotonic()
        time.sleep(0.5)
    assert 0 < last < FRAMES
    return last


def file_of(frames: Path, path: str, number: int) -> Path:
    return frames / path.rpartition("/")[2] / f"{bucket_of(number):06d}" / f"{number:09d}.jpg"


def check_files(service: Service, path: str, frames: Path) -> int:
    """Every row's frame is there, whole; how many."""
    numbers = {row["frame_number"] for row in service.rows(path)}
    for number in numbers:
        content = file_of(frames, path, number).read_bytes()
        assert content[:2] == b"\xff\xd8", number
        assert content[-2:] == b"\xff\xd9", number
    return len(numbers)


def disk_of(service: Service) -> tuple[int, dict[str, Any]]:
    answer = service.http.get("/readyz")
    return answer.status_code, answer.json()["checks"]["disk"]


def test_frames_wait_for_space(service: Service, stack: Trial, tmp_path: Path) -> None:
    clip = make_noise(tmp_path / "noise.mp4", FRAMES)
    frames = stack.settings.data_dir / "frames"
    with small_disk(frames, 320) as disk:
        assert disk_of(service)[0] == 200
        filler = fill(disk, 4 * 2**20)
        path = service.upload(clip, modelsToRun="color_detection")
        settled(service, path)
        status, said = disk_of(service)
        assert (status, said["ok"]) == (503, False)
        assert "free some space" in said["detail"]
        assert "no space left" in (stack.settings.log_dir / "analysis.log").read_text()
        assert check_files(service, path, disk) < FRAMES
        filler.unlink()
        service.completed(path)
        assert disk_of(service)[0] == 200
        assert check_files(service, path, disk) == FRAMES


@pytest.mark.slow
def test_every_server_on_the_full_disk_comes_back(tmp_path: Path) -> None:
    clip = make_noise(tmp_path / "noise.mp4", MORE_FRAMES)
    with data_folder() as shared, small_disk(tmp_path / "disk", 2048) as disk:
        (disk / "cache").symlink_to((shared / "cache").resolve(), target_is_directory=True)
        with trial(workers=2, data_dir=disk) as stack:
            service = Service(stack.settings.api_url)
            path = service.upload(clip, modelsToRun="color_detection")
            wait_until(lambda: done(service, path) > 0, WAIT_SECONDS, lambda: "frames are stored")
            filler = fill(disk, 2**20)
            time.sleep(30)
            assert done(service, path) < MORE_FRAMES
            filler.unlink()
            wait_until(lambda: done(service, path) == MORE_FRAMES, WAIT_SECONDS, lambda: "every frame is done")
            service.completed(path)
            assert check_files(service, path, disk / "frames") == MORE_FRAMES
