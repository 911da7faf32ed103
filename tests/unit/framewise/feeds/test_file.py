"""What may stand in a file of feeds, and how it is said what may not."""

from pathlib import Path

import pytest

from framewise.errors import WrongFile
from framewise.feeds.file import read_feeds

GOOD = """
[defaults]
models = ["objects", "faces:0.9"]
rate = 2
tags = ["trial"]

[[feed]]
id = "yard"
source = "rtsp://user:secret@camera.example/yard"
keep = "all"

[[feed]]
id = "film"
source = "films/street.mp4"
rate = 5.5
loop = 3

[[feed]]
id = "page"
source = "https://example.com/a.mp4"
models = "colors"

[[feed]]
id = "door"
source = 0

[[feed]]
id = "played"
source = "films/street.mp4"
live = true

[[feed]]
id = "far"
source = "https://example.com/live"
live = true
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "street.mp4").write_bytes(b"x")
    return tmp_path


def written(folder: Path, text: str) -> Path:
    file = folder / "feeds.toml"
    file.write_text(text)
    return file


def test_each_feed_has_its_own_wishes_before_those_of_all(folder: Path) -> None:
    feeds = {feed.id: feed for feed in read_feeds(written(folder, GOOD))}
    assert {name: feed.kind for name, feed in feeds.items()} == {
        "yard": "stream",
        "film": "file",
        "page": "address",
        "door": "camera",
        "played": "camera",
        "far": "stream",
    }
    assert (feeds["yard"].rate, feeds["film"].rate) == (2, 5.5)
    assert (feeds["yard"].models, feeds["page"].models) == (("objects", "faces:0.9"), ("colors",))
    assert feeds["film"].source == str(folder / "films" / "street.mp4")
    assert (feeds["film"].rounds, feeds["page"].rounds) == (3, 1)


def test_a_file_may_be_analysed_for_ever(folder: Path) -> None:
    feeds = read_feeds(written(folder, '[[feed]]\nid = "a"\nsource = "films/street.mp4"\nloop = true'))
    assert feeds[0].rounds is None


FEED = '[[feed]]\nid = "a"\nsource = "https://example.com/a.mp4"\n'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "there is no feed; each begins with [[feed]]"),
        ("a = [", "is no TOML: Invalid value"),
        ("[[feeds]]\nid = 1", "there is no feeds; a file has [defaults] and [[feed]]"),
        ("feed = 3", "there is no feed"),
        (FEED + '\n\n[[feed]]\nid = "b"', "feed 2 (line 6): source is missing"),
        (FEED + "rate = 0", "feed 1 (line 1): rate: Input should be greater than 0"),
        (FEED + "modles = 1", "feed 1 (line 1): there is no modles; there are rate, models"),
        (FEED.replace('"a"', '"../a"'), "feed 1 (line 1): id: String should match pattern"),
        (FEED.replace("https", "ftp"), "feed 1 (line 1): source: ftp:// is no kind of address"),
        (FEED.replace("https", "rtsp") + "loop = 2", "feed 1 (line 1): loop: only a file that is not live has an end"),
        (FEED.replace("https", "rtsp") + "loop = true", "feed 1 (line 1): loop: only a file that is not live"),
        (FEED.replace("https://example.com/", "none/"), "feed 1 (line 1): source: there is no file"),
        (FEED + FEED, "id 'a' is there more than once"),
        ("[defaults]\nrate = -1\n" + FEED, "[defaults]: rate: Input should be greater than 0"),
        (FEED + "keep = 3", "feed 1 (line 1): keep: Input should be 'newest' or 'all'"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(folder: Path, text: str, reason: str) -> None:
    with pytest.raises(WrongFile) as refused:
        read_feeds(written(folder, text))
    assert reason in str(refused.value)


def test_all_that_is_wrong_is_said_at_once(folder: Path) -> None:
    with pytest.raises(WrongFile) as refused:
        read_feeds(written(folder, FEED + "rate = 0\n" + '[[feed]]\nid = "b"\n'))
    assert len(str(refused.value).splitlines()) == 2


def test_a_file_that_cannot_be_read_is_no_file_of_feeds(folder: Path) -> None:
    with pytest.raises(WrongFile, match="cannot be read"):
        read_feeds(folder / "none.toml")
    (folder / "latin.toml").write_bytes(b"# \xe9\n")
    with pytest.raises(WrongFile, match="UTF-8"):
        read_feeds(folder / "latin.toml")
    (folder / "large.toml").write_bytes(b"#" * 2**21)
    with pytest.raises(WrongFile, match="larger than 1 MiB"):
        read_feeds(folder / "large.toml")
