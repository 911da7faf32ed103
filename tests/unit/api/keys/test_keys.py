"""The form of keys, and the keys in use."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from rich.console import Console

from api.caller import ANYBODY, STRANGER, Caller
from api.keys import commands, form
from api.keys.__main__ import parser, run
from api.keys.rates import RequestRates
from api.keys.ring import KEPT_SECONDS, MOST_KEPT, KeyRing
from pipeline.contracts.errors import NotFound, StoreUnavailable, TooManyRequests, Unauthorized
from pipeline.shares import FRESH_SECONDS, Shares
from pipeline.stores.keys import ApiKey, InMemoryKeyStore, Scope
from tests.unit.factories import a_video

BOTH = (Scope.READ, Scope.SUBMIT)


def test_a_secret_has_256_bits_and_is_kept_as_a_digest_only() -> None:
    store = InMemoryKeyStore()
    sent = commands.create(store, "me", BOTH)
    (key,) = store.all()
    parts = form.read(sent)
    assert parts is not None
    assert (parts[0], len(bytes.fromhex(parts[1]))) == (key.key_id, 32)
    assert parts[1] not in repr(key)
    assert form.same(parts[1], key.secret_hash)
    assert not form.same(parts[1][:-1] + "x", key.secret_hash)


@pytest.mark.parametrize(
    "text", ["", "fw", "fw_a", "fw__b", "fw_a_", "xx_a_b", "fw_a_b_c", "fw_ä_b", "fw_a b_c", "fw_a_ü"]
)
def test_other_forms_are_no_keys(text: str) -> None:
    assert form.read(text) is None


@dataclass
class CountingStore(InMemoryKeyStore):
    """Counts how often it is asked, and is away when told so."""

    asked: int = 0
    away: bool = field(default=False)

    def get(self, key_id: str) -> ApiKey | None:
        self.asked += 1
        if self.away:
            raise StoreUnavailable("away")
        return super().get(key_id)


def test_a_revoked_key_works_for_seconds_only() -> None:
    now, store = 0.0, CountingStore()
    ring = KeyRing(store, clock=lambda: now)
    sent = commands.create(store, "me", BOTH)
    caller = ring.caller(sent)
    assert (ring.known(sent), store.asked) == (caller, 1)
    store.revoke(str(caller.key_id))
    assert ring.caller(sent) == caller
    now = KEPT_SECONDS
    assert ring.known(sent) is None
    with pytest.raises(Unauthorized):
        ring.caller(sent)


def test_a_store_that_is_away_lets_nobody_in() -> None:
    store = CountingStore(away=True)
    with pytest.raises(StoreUnavailable):
        KeyRing(store).caller("fw_a_b")


def test_a_wrong_secret_is_refused_also_of_a_key_in_use() -> None:
    store = InMemoryKeyStore()
    ring = KeyRing(store)
    sent = commands.create(store, "me", BOTH)
    ring.caller(sent)
    for wrong in (sent[:-1] + ("0" if sent[-1] != "0" else "1"), "fw_nobody_0", "nothing"):
        assert ring.known(wrong) is None
        with pytest.raises(Unauthorized):
            ring.caller(wrong)


def test_keys_in_use_are_bounded() -> None:
    store = InMemoryKeyStore()
    ring = KeyRing(store)
    for n in range(MOST_KEPT + 10):
        store.add(ApiKey(f"k{n}", "", form.digest("s"), frozenset(BOTH), datetime.now(UTC)))
        ring.caller(f"fw_k{n}_s")
    assert len(ring._kept) == MOST_KEPT


def test_limits_are_the_keys_own_or_the_services() -> None:
    store = InMemoryKeyStore()
    ring = KeyRing(store, 60, 5)
    limits = [
        ring.caller(commands.create(store, "me", BOTH, rate, videos)) for rate, videos in ((None, None), (0, 0), (7, 8))
    ]
    assert [(c.requests_per_minute, c.open_videos) for c in limits] == [(60, 5), (0, 0), (7, 8)]


def test_a_share_is_given_at_the_start_or_later_and_is_read_again(capsys: pytest.CaptureFixture[str]) -> None:
    now, store = 0.0, InMemoryKeyStore()
    shares = Shares(store, lambda: now)
    run(parser().parse_args(["create", "--name", "a", "--share", "3"]), store, Console())
    run(parser().parse_args(["create", "--name", "b"]), store, Console())
    a, b = (key.key_id for key in store.all())
    assert shares() == {a: 3}
    run(parser().parse_args(["share", b, "2"]), store, Console())
    assert shares() == {a: 3}
    now = FRESH_SECONDS
    assert shares() == {a: 3, b: 2}
    with pytest.raises(NotFound):
        run(parser().parse_args(["share", "nobody", "2"]), store, Console())


@pytest.mark.parametrize("share", ["0", "-1", "half", "1001"])
def test_a_share_that_makes_no_sense_is_refused(share: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["share", "id", share])
    assert "a share is a whole number" in capsys.readouterr().err


def test_who_asks_too_often_is_told_when_to_ask_again() -> None:
    rates, caller = RequestRates(), Caller("k", frozenset(BOTH), requests_per_minute=3)
    for _ in range(3):
        rates.count(caller)
    with pytest.raises(TooManyRequests) as refused:
        rates.count(caller)
    assert 50 <= refused.value.retry_after <= 60
    rates.count(replace(caller, key_id="other"))
    rates.count(replace(caller, requests_per_minute=0))


def test_one_sees_ones_own_and_an_admin_everything() -> None:
    mine, theirs, nobodys = (replace(a_video(), key_id=key) for key in ("a", "b", None))
    me, admin = Caller("a", frozenset(BOTH)), Caller("b", frozenset({Scope.ADMIN}))
    assert [me.may_see(v) for v in (mine, theirs, nobodys)] == [True, False, False]
    assert [admin.may_see(v) for v in (mine, theirs, nobodys)] == [True] * 3
    assert [ANYBODY.may_see(v) for v in (mine, theirs, nobodys)] == [True] * 3
    assert [STRANGER.may_see(v) for v in (mine, theirs, nobodys)] == [False] * 3
    assert (me.sees_only, admin.sees_only, STRANGER.sees_only) == ("a", None, "")
    assert admin.may(Scope.SUBMIT)
    assert not Caller("a", frozenset({Scope.READ})).may(Scope.SUBMIT)
