"""What each page owes: a frame, a policy that runs no inline script, and files that are asked for once."""

import re

import pytest
from fastapi.testclient import TestClient

from api.pages.policy import page_headers
from api.pages.shell import PLACES, TEMPLATES
from api.pages.static_files import FOLDER, address, digest

PAGES = ("/", "/videos", "/live", "/identities", "/insights", "/system")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_a_frame(client: TestClient, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.text.count('aria-current="page"') == 1
    assert f'<a href="{path}" aria-current="page">' in page.text
    for part in ('<html lang="en">', 'class="skip" href="#main"', '<main id="main"', 'name="viewport"'):
        assert part in page.text
    assert [place.name for place in PLACES] == re.findall(
        r'<a href="[^"]*"(?: aria-current="page")?>(\w+)</a></li>', page.text
    )


@pytest.mark.parametrize("path", PAGES)
def test_every_file_that_a_page_names_is_there_and_may_be_kept(client: TestClient, path: str) -> None:
    named = re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get(path).text)
    assert any(name.endswith(".css") for name in named)
    for name in named:
        file = client.get(name)
        assert file.status_code == 200
        assert "immutable" in file.headers["cache-control"]
        assert file.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("charts", [False, True])
def test_no_inline_script_runs_on_a_page(charts: bool) -> None:
    rules = dict(rule.split(" ", 1) for rule in page_headers(charts)["Content-Security-Policy"].split("; "))
    assert rules["script-src"] == "'self'"
    assert rules["default-src"] == "'none'"
    assert rules["frame-ancestors"] == "'none'"
    assert ("'unsafe-inline'" in rules["style-src"]) is charts


def test_templates_hold_no_inline_script_or_style() -> None:
    for template in TEMPLATES.rglob("*.html"):
        text = template.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", text), template
        assert "|safe" not in text, template


def test_scripts_make_no_markup_of_texts() -> None:
    for script in FOLDER.rglob("*.mjs"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", script.read_text()), (
            script
        )


def test_modules_import_what_is_there() -> None:
    for script in FOLDER.rglob("*.mjs"):
        for name in re.findall(r'^import .* from "([^"]+)";$', script.read_text(), re.MULTILINE):
            assert (script.parent / name).is_file(), (script, name)


def test_another_releases_address_is_not_kept(client: TestClient) -> None:
    file = client.get(address("css/app.css").replace(digest(), "0" * 16))
    assert (file.status_code, file.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "name", ["../policy.py", "%2e%2e/policy.py", "js", "js/none.mjs", "/etc/passwd", "..%2f..%2fgate.py"]
)
def test_nothing_else_is_served(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{digest()}/{name}").status_code == 404


def test_bokehs_own_script_is_served(client: TestClient) -> None:
    file = client.get(address("vendor/bokeh.min.js"))
    assert (file.status_code, file.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert b"Bokeh" in file.content[:2000] or b"BokehJS" in file.content


def test_pages_are_not_operations(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert not [path for path in paths if path in PAGES or path.startswith(("/static", "/sign"))]
