"""Signing in with a real browser, at a service that needs keys beside the stack that needs none."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from api.keys import commands
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.keys import CassandraKeyStore
from pipeline.stores.keys import Scope
from stack.trial import Trial
from tests.e2e.browser import Visitor
from tests.integration.running_api import running_api


@pytest.fixture(scope="module")
def guarded(stack: Trial, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service that needs keys, on the servers of the stack."""
    folder = tmp_path_factory.mktemp("guarded")
    with running_api(folder, stack.cassandra(), stack.kafka(), FRAMEWISE_API_KEYS="required") as api:
        yield api.url


@pytest.fixture(scope="module")
def new_key(stack: Trial) -> Iterator[Callable[..., str]]:
    """Makes a key with these scopes."""
    client = CassandraClient(stack.cassandra())
    yield lambda *scopes: commands.create(CassandraKeyStore(client), "somebody", scopes)
    client.close()


def sign_in(page: Page, key: str) -> None:
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()


def test_a_key_opens_the_pages_until_one_signs_out(
    visiting: Callable[..., Visitor], guarded: str, new_key: Callable[..., str]
) -> None:
    visitor = visiting(base_url=guarded)
    visitor.expects("^401 POST /sign-in$")
    page = visitor.open("/videos?status=failed")
    expect(page).to_have_title("Sign in · Framewise")
    sign_in(page, "fw_abc_def")
    expect(page.get_by_role("alert")).to_contain_text("is not known, or was revoked")
    visitor.check_accessible()
    sign_in(page, new_key(Scope.READ, Scope.SUBMIT))
    expect(page.get_by_role("heading", name="Videos", level=1)).to_be_visible()
    assert page.url == f"{guarded}/videos?status=failed"
    expect(page.get_by_text("No video fits.")).to_be_visible()
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("API key")).to_be_visible()
    visitor.open("/videos")
    expect(page.get_by_label("API key")).to_be_visible()


def test_what_a_key_may_not_do_is_not_offered(
    visiting: Callable[..., Visitor], guarded: str, new_key: Callable[..., str]
) -> None:
    visitor = visiting(base_url=guarded)
    visitor.expects("^403 POST /analysis/start$")
    page = visitor.open("/")
    sign_in(page, new_key(Scope.READ))
    expect(page.get_by_text("Your key may look, but not submit.")).to_be_visible()
    expect(page.get_by_role("button", name="Analyse")).to_have_count(0)
    refused = page.evaluate(
        """async () => {
            const page = document.querySelector("script[type=module]").src;
            const { post } = await import(page.replace(/new.mjs$/, "api.mjs"));
            return post("/analysis/start", { videoURL: "https://example.com/a" }).catch((problem) => problem.title);
        }"""
    )
    assert refused == "The key does not allow this"


def test_a_link_from_elsewhere_finds_one_signed_in(
    visiting: Callable[..., Visitor], guarded: str, new_key: Callable[..., str], web: str, web_folder: Path
) -> None:
    (web_folder / "link.html").write_text(f'<!doctype html><title>x</title><a href="{guarded}/videos">Videos</a>')
    visitor = visiting(base_url=guarded)
    page = visitor.open("/videos")
    sign_in(page, new_key(Scope.READ))
    expect(page.get_by_role("heading", name="Videos", level=1)).to_be_visible()
    page.evaluate("sessionStorage.clear()")
    visitor.expects("^404 GET /favicon.ico$")
    page.goto(f"{web.replace('127.0.0.1', 'localhost')}/link.html")
    page.get_by_role("link", name="Videos").click()
    expect(page.get_by_role("heading", name="Videos", level=1)).to_be_visible()
