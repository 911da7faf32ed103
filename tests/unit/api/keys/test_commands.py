"""Keys on the command line."""

import io

import pytest
from rich.console import Console

from api.keys.__main__ import main, parser, run
from api.keys.ring import KeyRing
from pipeline.contracts.errors import NotFound, Unauthorized
from pipeline.stores.keys import InMemoryKeyStore, Scope


def said(store: InMemoryKeyStore, *words: str, width: int = 200) -> str:
    console = Console(file=io.StringIO(), width=width)
    run(parser().parse_args(words), store, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_key_is_made_listed_and_revoked() -> None:
    store = InMemoryKeyStore()
    sent = said(store, "create", "--name", "[red]me", "--scopes", "read, admin", "--open-videos", "0").strip()
    (key,) = store.all()
    assert (key.name, key.scopes, key.open_videos) == ("[red]me", frozenset({Scope.READ, Scope.ADMIN}), 0)
    assert KeyRing(store).caller(sent).key_id == key.key_id
    listed = said(store, "list")
    assert all(word in listed for word in (key.key_id, "[red]me", "admin, read", "no limit", "as set"))
    assert sent.split("_")[2] not in listed
    assert key.secret_hash not in listed
    assert key.key_id in said(store, "list", width=60)
    said(store, "revoke", key.key_id)
    with pytest.raises(Unauthorized):
        KeyRing(store).caller(sent)


def test_a_key_that_is_not_there_cannot_be_revoked() -> None:
    with pytest.raises(NotFound):
        said(InMemoryKeyStore(), "revoke", "nobody")


def test_without_keys_it_says_how_to_make_one() -> None:
    assert "keys create --name" in said(InMemoryKeyStore(), "list")


@pytest.mark.parametrize(
    "words",
    [
        ["create"],
        ["create", "--name", ""],
        ["create", "--name", "a\x1b[31m"],
        ["create", "--name", "a", "--scopes", "everything"],
        ["create", "--name", "a", "--requests-per-minute", "-1"],
        ["create", "--name", "a", "--open-videos", "many"],
        ["revoke"],
        [],
    ],
)
def test_what_makes_no_sense_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FRAMEWISE_CASSANDRA_PORT", "ninety")
    assert main(["list"]) == 1
    assert "FRAMEWISE_CASSANDRA_PORT" in capsys.readouterr().err
