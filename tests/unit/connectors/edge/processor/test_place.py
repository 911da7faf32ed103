"""Where pictures are kept: a folder, and an object store."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from connectors.edge.processor.objects import ObjectPlace
from connectors.edge.processor.place import INCOMING, FolderPlace, Kept, Place
from pipeline.contracts.errors import DiskFull, StoreError, StoreUnavailable
from pipeline.contracts.settings import S3Settings

FOLDER, STEM = "yard/gate/2026-11-20", "2026-11-20T10-00-00.000001Z_7"

Made = Callable[[], Place]


@pytest.fixture(params=["folder", "objects"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Made:
    """Opens the same place, as often as asked."""
    name = f"memory://bucket-{uuid4()}/prefix"
    return (lambda: FolderPlace(tmp_path)) if request.param == "folder" else (lambda: ObjectPlace(name, S3Settings()))


def test_a_picture_is_kept_once_however_often_it_comes(made: Made) -> None:
    first = made().keep(FOLDER, STEM, ".jpg", b"one")
    assert first == Kept(f"{FOLDER}/{STEM}.jpg", repeated=False)
    assert made().keep(FOLDER, STEM, ".jpg", b"one") == Kept(f"{FOLDER}/{STEM}.jpg", repeated=True)


def test_another_picture_of_the_same_name_gets_a_name_of_its_own(made: Made) -> None:
    place = made()
    place.keep(FOLDER, STEM, ".jpg", b"one")
    other = place.keep(FOLDER, STEM, ".jpg", b"two")
    assert other.path != f"{FOLDER}/{STEM}.jpg"
    assert other.path.startswith(f"{FOLDER}/{STEM}_")
    assert not other.repeated
    assert place.keep(FOLDER, STEM, ".jpg", b"two") == Kept(other.path, repeated=True)
    assert place.keep(FOLDER, STEM, ".jpg", b"one") == Kept(f"{FOLDER}/{STEM}.jpg", repeated=True)


def test_what_ends_so_is_found_by_its_name(made: Made) -> None:
    place = made()
    assert place.find(FOLDER, "_7") is None
    place.keep(FOLDER, STEM, ".png", b"one")
    assert place.find(FOLDER, "_7") == STEM
    assert place.find(FOLDER, "_8") is None


def test_what_a_killed_process_has_begun_is_removed(tmp_path: Path) -> None:
    FolderPlace(tmp_path)
    (tmp_path / INCOMING / "half").write_bytes(b"ha")
    place = FolderPlace(tmp_path)
    place.keep(FOLDER, STEM, ".jpg", b"one")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [f"{STEM}.jpg"]


def test_a_full_disk_leaves_no_half_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = FolderPlace(tmp_path)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match="free some space"):
        place.keep(FOLDER, STEM, ".jpg", b"one")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be kept in .*file"):
        FolderPlace(tmp_path / "file")


def test_an_address_that_fsspec_does_not_know_is_said() -> None:
    with pytest.raises(StoreUnavailable, match="nothing://bucket"):
        ObjectPlace("nothing://bucket", S3Settings())
