import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from pipeline.contracts.errors import StackError
from pipeline.rtmp.keys import server_secret
from stack import machine, report, rtmp
from stack.services import SERVICES, chosen
from stack.settings import StackSettings


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without the server."""
    monkeypatch.setattr(rtmp, "MODULE_FOLDERS", (str(tmp_path),))


def test_without_the_module_all_else_starts_and_a_person_is_told_how_to_install_it(
    absent: None, tmp_path: Path
) -> None:
    settings = StackSettings(data_dir=tmp_path, services=())
    assert "apt install nginx libnginx-mod-rtmp" in rtmp.missing()
    assert [s.name for s in chosen(settings)] == [s.name for s in SERVICES if s.name != "rtmp" and not s.doors]
    assert "apt install" in machine.rtmp_server()
    assert not any("rtmp" in address for _, address in report.addresses(settings))
    console = Console(file=io.StringIO(), width=200)
    report.show_status(settings, console)
    assert isinstance(console.file, io.StringIO)
    assert "rtmp does not run here: its RTMP module cannot be found" in console.file.getvalue()


def test_whoever_asks_for_it_by_name_is_refused_without_it(absent: None, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="names rtmp, but its RTMP module cannot be found"):
        chosen(StackSettings(data_dir=tmp_path, services=("rtmp",)))
    with pytest.raises(StackError, match="apt install"):
        rtmp.command(StackSettings(data_dir=tmp_path))


def test_what_lacks_nothing_is_chosen(tmp_path: Path) -> None:
    there: Callable[[], str] = lambda: ""  # noqa: E731
    services = tuple(replace(service, missing=there) for service in SERVICES)
    assert [s.name for s in chosen(StackSettings(data_dir=tmp_path, services=()), services)][-1] == "rtmp"


def test_the_configuration_holds_the_secret_and_is_its_owners_alone(tmp_path: Path) -> None:
    settings = StackSettings(data_dir=tmp_path, rtmp_players="127.0.0.1, 10.0.0.0/8", rtmp_host="::1")
    rtmp.prepare(settings)
    rtmp.prepare(settings)
    file = settings.conf_dir / "rtmp.conf"
    text = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert server_secret(tmp_path) in text
    assert "listen [::1]:1935;" in text
    assert "allow play 127.0.0.1; allow play 10.0.0.0/8;" in text
    assert "listen 127.0.0.1:1936;" in text


@pytest.mark.parametrize(
    "wrong", [{"rtmp_players": "all; record all"}, {"rtmp_host": "0.0.0.0:1;"}, {"rtmp_api_url": 'http://a"; x'}]
)
def test_settings_cannot_bring_directives_of_their_own(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="pattern"):
        StackSettings(**wrong)
