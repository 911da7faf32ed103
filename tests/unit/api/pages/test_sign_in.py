"""A key in the browser: kept by signing in, taken from one's own pages only, forgotten by signing out."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.keys import commands
from api.keys.cookie import COOKIE
from api.keys.ring import KeyRing
from api.services import Services
from pipeline.stores.keys import InMemoryKeyStore, Scope

SITE = "http://videos.example"
OWN = {"Origin": SITE, "Sec-Fetch-Site": "same-origin"}
LOOKS = {"Accept": "text/html,application/xhtml+xml"}


class Browser:
    """A browser at a service that needs keys."""

    def __init__(self, services: Services) -> None:
        self.store = InMemoryKeyStore()
        app = create_app(services, loopback_only=False, keys=KeyRing(self.store))
        self.client = TestClient(app, base_url=SITE, raise_server_exceptions=False, follow_redirects=False)

    def sign_in(self, *scopes: Scope, target: str = "/videos") -> str:
        """Sign in with a new key; where that leads."""
        key = commands.create(self.store, "somebody", scopes)
        answer = self.client.post("/sign-in", data={"key": key, "next": target}, headers=OWN)
        assert answer.status_code == 303
        return str(answer.headers["location"])


@pytest.fixture
def browser(services: Services) -> Iterator[Browser]:
    found = Browser(services)
    yield found
    found.client.close()


def test_a_page_asks_a_stranger_to_sign_in_and_a_program_for_a_key(browser: Browser) -> None:
    asked = browser.client.get("/videos?status=failed&q=a b", headers=LOOKS)
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        "/sign-in?next=/videos%3Fstatus%3Dfailed%26q%3Da%2520b",
    )
    form = browser.client.get(asked.headers["location"], headers=LOOKS)
    assert form.status_code == 200
    assert 'name="next" value="/videos?status=failed&amp;q=a%20b"' in form.text
    assert browser.client.get("/videos").json()["type"] == "unauthorized"


def test_a_signed_in_browser_needs_no_header(browser: Browser) -> None:
    assert browser.sign_in(Scope.READ, Scope.SUBMIT) == "/videos"
    assert browser.client.get("/analysis/videos").status_code == 200
    assert "Sign out" in browser.client.get("/videos", headers=LOOKS).text
    started = browser.client.post("/analysis/start", json={"videoURL": "https://example.com/a.mp4"}, headers=OWN)
    assert started.status_code == 202


def test_the_cookie_is_hidden_from_scripts_and_other_sites(browser: Browser) -> None:
    key = commands.create(browser.store, "somebody", [Scope.READ])
    kept = browser.client.post("/sign-in", data={"key": key}, headers=OWN).headers["set-cookie"].lower()
    assert "httponly" in kept
    assert "samesite=strict" in kept
    assert "secure" not in kept
    browser.client.base_url = SITE.replace("http:", "https:")
    secure = browser.client.post("/sign-in", data={"key": key}, headers={"Sec-Fetch-Site": "same-origin"})
    assert "secure" in secure.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://videos.example:3000", "Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {},
    ],
)
def test_another_sites_page_cannot_use_the_cookie(browser: Browser, headers: dict[str, str]) -> None:
    browser.sign_in(Scope.READ, Scope.SUBMIT)
    body = {"videoURL": "https://example.com/a.mp4"}
    assert browser.client.post("/analysis/start", json=body, headers=headers).status_code == 401
    if headers:
        assert browser.client.get("/analysis/videos", headers=headers).status_code == 401
    assert browser.client.post("/sign-out", headers=headers).status_code == 403
    assert browser.client.post("/sign-in", data={"key": "fw_a_b"}, headers=headers).status_code == 403


def test_a_wrong_key_is_told_so_and_not_kept(browser: Browser) -> None:
    answer = browser.client.post("/sign-in", data={"key": "fw_abc_<script>", "next": "/live"}, headers=OWN)
    assert answer.status_code == 401
    assert "is not known, or was revoked" in answer.text
    assert "<script>" not in answer.text
    assert 'value="/live"' in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("target", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere", "x", "/a\nb"])
def test_signing_in_leads_nowhere_else(browser: Browser, target: str) -> None:
    assert browser.sign_in(Scope.READ, target=target) == "/"


def test_signing_out_forgets_the_key(browser: Browser) -> None:
    browser.sign_in(Scope.READ)
    assert browser.client.post("/sign-out", headers=OWN).headers["location"] == "/sign-in"
    assert COOKIE not in browser.client.cookies
    assert browser.client.get("/analysis/videos").status_code == 401


def test_scopes_hold_for_the_cookie(browser: Browser) -> None:
    browser.sign_in(Scope.READ)
    refused = browser.client.post("/analysis/start", json={"videoURL": "https://a.example/b"}, headers=OWN)
    assert (refused.status_code, refused.json()["type"]) == (403, "forbidden")
    assert 'name="may-submit" content="no"' in browser.client.get("/", headers=LOOKS).text


def test_a_revoked_key_is_asked_for_again(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.keys.ring.KEPT_SECONDS", 0)
    browser.sign_in(Scope.READ)
    browser.store.revoke(browser.store.all()[0].key_id)
    assert browser.client.get("/videos", headers=LOOKS).headers["location"] == "/sign-in?next=/videos"


def test_where_no_key_is_needed_there_is_nothing_to_sign_in_to(client: TestClient) -> None:
    answer = client.get("/sign-in?next=/live", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/live")
    assert "Sign out" not in client.get("/").text


def test_the_form_works_without_scripts(browser: Browser) -> None:
    form = browser.client.get("/sign-in", headers=LOOKS).text
    assert '<form method="post" action="/sign-in"' in form
    assert 'name="key"' in form
