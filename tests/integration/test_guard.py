"""What may not be fetched is refused, through the API and a real ingest, and the forbidden server is never asked."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.contracts.settings import CassandraSettings, KafkaSettings
from stack.trial import Trial, trial
from tests.e2e.clips import make_clip
from tests.e2e.service import Service
from tests.unit.servers import Site, content, redirect, serving

SERVICES = ("schema", "ingest", "api")
PORTS = ("kafka_port", "cassandra_port")
FRAMES = 5
SECRETS = ("hunter2", "open-sesame")


@dataclass(frozen=True)
class Setting:
    """API and ingest on the shared servers, a server that they may fetch from, and one beside it that they may not."""

    logs: tuple[Path, ...]
    service: Service
    allowed: Site
    by_name: Site
    forbidden: Site

    def url(self, template: str) -> str:
        """An address with the ports of both servers."""
        return template.format(allowed=self.allowed.port, by_name=self.by_name.port, forbidden=self.forbidden.port)

    def ended(self, *templates: str) -> dict[str, dict[str, Any]]:
        """The videos of these addresses, once they have ended, by template."""
        paths = {template: self.service.start(self.url(template)) for template in templates}
        return {template: self.service.wait(path) for template, path in paths.items()}


@pytest.fixture(scope="module")
def setting(
    servers: Trial,
    kafka_settings: KafkaSettings,
    cassandra_settings: CassandraSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Setting]:
    with (
        serving() as allowed,
        serving("127.0.0.2") as by_name,
        serving() as forbidden,
        pytest.MonkeyPatch.context() as m,
    ):
        clip = make_clip(tmp_path_factory.mktemp("clips") / "a.mp4", FRAMES).read_bytes()
        for site in (allowed, by_name, forbidden):
            site.answers["/a.mp4"] = content(clip)
        m.setenv("FRAMEWISE_ALLOWED_HOSTS", f"127.0.0.1:{allowed.port},127.0.0.2")
        m.setenv("FRAMEWISE_TOPIC_PREFIX", kafka_settings.topic_prefix)
        m.setenv("FRAMEWISE_KEYSPACE", cassandra_settings.keyspace)
        with trial(*SERVICES, **{port: getattr(servers.settings, port) for port in PORTS}) as stack:
            service = Service(stack.settings.api_url)
            logs = (stack.settings.log_dir, servers.settings.log_dir)
            yield Setting(logs, service, allowed, by_name, forbidden)
            service.http.close()


SPELLINGS = [
    "http://127.0.0.1:{forbidden}/a.mp4",
    "http://localhost:{forbidden}/a.mp4",
    "http://127.1:{forbidden}/a.mp4",
    "http://2130706433:{forbidden}/a.mp4",
    "http://0x7f000001:{forbidden}/a.mp4",
    "http://0x7f.1:{forbidden}/a.mp4",
    "http://0177.0.0.1:{forbidden}/a.mp4",
    "http://017700000001:{forbidden}/a.mp4",
    "http://0.0.0.0:{forbidden}/a.mp4",
    "http://0:{forbidden}/a.mp4",
    "http://[::1]:{forbidden}/a.mp4",
    "http://[::]:{forbidden}/a.mp4",
    "http://[::ffff:127.0.0.1]:{forbidden}/a.mp4",
    "http://[::ffff:7f00:1]:{forbidden}/a.mp4",
    "http://[::127.0.0.1]:{forbidden}/a.mp4",
    "http://[64:ff9b::7f00:1]:{forbidden}/a.mp4",
    "http://[64:ff9b::a9fe:a9fe]/latest/meta-data/",
    "http://[2002:7f00:1::1]:{forbidden}/a.mp4",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://168.63.129.16/",
    "http://10.0.0.1/a.mp4",
    "http://172.16.0.1/a.mp4",
    "http://192.168.1.1/a.mp4",
    "http://100.64.0.1/a.mp4",
    "http://[fe80::1]/a.mp4",
    "http://224.0.0.1/a.mp4",
    "http://127.0.0.1@127.0.0.3:{forbidden}/a.mp4",
    "http://127.0.0.1:{allowed}@127.0.0.1:{forbidden}/a.mp4",
    "https://127.0.0.1:{forbidden}/a.mp4",
]


def test_every_spelling_of_an_address_inside_is_refused(setting: Setting) -> None:
    for template, video in setting.ended(*SPELLINGS).items():
        assert (video["status"], video["error"]["type"]) == ("failed", "source-refused"), template
        assert video["frames"]["published"] == 0
    assert setting.forbidden.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "/etc/passwd",
        "concat:/etc/passwd|/etc/hosts",
        "concat:http://127.0.0.1:{forbidden}/a.mp4",
        "subfile,,start,0,end,0,,:/etc/passwd",
        "data:video/mp4;base64,AAAA",
        "ftp://127.0.0.1:{forbidden}/a.mp4",
        "gopher://127.0.0.1:{forbidden}/",
        "tcp://127.0.0.1:{forbidden}",
        "rtmp://127.0.0.1:{forbidden}/live",
        "http:/127.0.0.1:{forbidden}/a.mp4",
        "http://",
        "",
    ],
)
def test_what_is_no_address_of_the_web_is_not_taken(setting: Setting, url: str) -> None:
    answer = setting.service.http.post("/analysis/start", json={"videoURL": setting.url(url)})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert "http" in answer.json()["detail"] or "videoURL" in answer.json()["detail"]
    assert setting.forbidden.asked == []


def test_a_redirect_is_checked_again(setting: Setting) -> None:
    targets = [*SPELLINGS[:18], "file:///etc/passwd", "ftp://127.0.0.1:{forbidden}/a.mp4", "data:video/mp4;base64,AAAA"]
    for number, target in enumerate(targets):
        setting.allowed.answers[f"/to/{number}"] = redirect(setting.url(target))
        setting.allowed.answers[f"/via/{number}"] = redirect(f"/to/{number}")
    first = len(setting.allowed.asked)
    found = setting.ended(*(f"http://127.0.0.1:{{allowed}}/via/{number}" for number in range(len(targets))))
    for target, video in zip(targets, found.values(), strict=True):
        assert (video["status"], video["error"]["type"]) == ("failed", "source-refused"), target
    assert len(setting.allowed.asked) - first == 2 * len(targets)
    assert setting.forbidden.asked == []


PLAYLISTS = {
    "/list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{inside}\n#EXT-X-ENDLIST\n",
    "/list.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{inside}\n#EXT-X-ENDLIST\n",
    "/key.mp4": '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{inside}"\n#EXTINF:5,\na.ts\n#EXT-X-ENDLIST\n',
    "/script.ffconcat": "ffconcat version 1.0\nfile {inside}\n",
    "/script.mp4": "ffconcat version 1.0\nfile file:///etc/passwd\nfile {inside}\n",
    "/manifest.mp4": '<?xml version="1.0"?><MPD><BaseURL>{inside}</BaseURL></MPD>',
    "/session.mp4": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
}


def test_playlists_are_fetched_but_not_followed(setting: Setting, tmp_path: Path) -> None:
    inside = setting.url("http://127.0.0.1:{forbidden}/a.mp4")
    for path, text in PLAYLISTS.items():
        setting.allowed.answers[path] = content(text.format(inside=inside).encode())
    found = setting.ended(*(f"http://127.0.0.1:{{allowed}}{path}" for path in PLAYLISTS))
    (tmp_path / "upload.mp4").write_text(PLAYLISTS["/list.mp4"].format(inside=inside))
    found["an upload"] = setting.service.wait(setting.service.upload(tmp_path / "upload.mp4"))
    for template, video in found.items():
        assert (video["status"], video["error"]["type"]) == ("failed", "media-unreadable"), template
    assert all(
        "playlist" in found[t]["error"]["detail"] for t in found if "list" in t or "script" in t or "upload" in t
    )
    assert setting.forbidden.asked == []


def test_credentials_are_not_repeated(setting: Setting) -> None:
    templates = [
        "http://user:hunter2@127.0.0.1:{allowed}/missing.mp4?token=open-sesame",
        "http://user:hunter2@127.0.0.1:{forbidden}/a.mp4?token=open-sesame",
        "http://user:hunter2@[::1%25lo]:{forbidden}/a.mp4?token=open-sesame#open-sesame",
        "http://127.0.0.1:{allowed}/leaving",
    ]
    setting.allowed.answers["/leaving"] = redirect(setting.url(templates[1]))
    for template, video in setting.ended(*templates).items():
        assert video["status"] == "failed", template
        shown = str(setting.service.http.get(video["status_url"]).json())
        assert not any(secret in shown for secret in SECRETS), shown
    for log in (log for folder in setting.logs for log in folder.glob("*.log")):
        assert not any(secret in log.read_text(errors="replace") for secret in SECRETS), log.name


@pytest.mark.parametrize("address", ["http://127.0.0.1:{allowed}/a.mp4", "http://127.0.0.2:{by_name}/a.mp4"])
def test_named_hosts_are_let_through(setting: Setting, address: str) -> None:
    """One is named with its port, the other without."""
    path = setting.service.start(setting.url(address))
    deadline = time.monotonic() + 60
    while (video := setting.service.http.get(path).json())["frames"]["expected"] is None:
        assert video["error"] is None
        assert time.monotonic() < deadline, "not read in time"
        time.sleep(0.2)
    assert video["frames"]["expected"] == video["frames"]["published"] == FRAMES
