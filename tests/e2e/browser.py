"""Drives the system's browser over the pages, and holds them to what every page owes."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect, sync_playwright

from pipeline.contracts.settings import ROOT

SCREENSHOTS = ROOT / "docs" / "screenshots"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
WAIT_MS = 15_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's browser, with a camera that shows a test picture; skips where there is none.

    While it runs, this thread has an event loop: no other test may need one of its own.
    """
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no browser: install chromium (apt install chromium) to test the pages")
    with sync_playwright() as playwright:
        expect.set_options(timeout=WAIT_MS)
        browser = playwright.chromium.launch(executable_path=found, args=list(CAMERA))
        yield browser
        browser.close()


class Visitor:
    """Somebody who looks at the pages, with a browser profile of their own.

    Nothing may go wrong in the console or be refused by the service but what a test has said that it expects.
    """

    def __init__(self, browser: Browser, base_url: str, **options: Any) -> None:
        self._context: BrowserContext = browser.new_context(
            base_url=base_url, **{"viewport": DESK, "locale": "en-GB", "timezone_id": "Europe/Berlin", **options}
        )
        self._context.set_default_timeout(WAIT_MS)
        self._context.on("console", self._heard)
        self._context.on("weberror", lambda error: self._wrong.append(f"script: {error.error}"))
        self._context.on("response", self._answered)
        self._wrong: list[str] = []
        self._expected: list[str] = []
        self.page: Page = self._context.new_page()

    def open(self, path: str) -> Page:
        """The page at a path, loaded."""
        self.page.goto(path)
        return self.page

    def expects(self, *patterns: str) -> None:
        """What may go wrong here, such as `422 POST /analysis/start`, by regular expressions."""
        self._expected += patterns

    def sees(self, dark: bool = False, phone: bool = False) -> None:
        """Look with another scheme of colours and on another screen, on the page that is open."""
        self.page.emulate_media(color_scheme="dark" if dark else "light")
        self.page.set_viewport_size(PHONE if phone else DESK)  # type: ignore[arg-type]

    def check_accessible(self) -> None:
        """Fail on what axe finds in light on a desk and in dark on a phone; no page may need sideways scrolling."""
        for other in (False, True):
            self.sees(dark=other, phone=other)
            found = Axe().run(self.page, options={"resultTypes": ["violations"]})
            named = [(v["id"], [n["html"][:150] for n in v["nodes"]]) for v in found.response["violations"]]
            assert not named, f"{'dark, on a phone' if other else 'light'}: {json.dumps(named, indent=1)}"
            wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{'on a phone' if other else 'on a desk'}: {wide} pixels too wide"
        self.sees()

    def photograph(self, name: str, folder: Path, full: bool = False, **how: bool) -> None:
        """A screenshot `NAME.png` in the folder; with UPDATE_SNAPSHOTS=1 in the docs too."""
        self.sees(**how)
        taken = self.page.screenshot(path=folder / f"{name}.png", full_page=full, animations="disabled")
        if os.environ.get("UPDATE_SNAPSHOTS"):
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            (SCREENSHOTS / f"{name}.png").write_bytes(taken)
        self.sees()

    def leave(self) -> None:
        """Close everything; fails when something has gone wrong that nobody expected."""
        self._context.close()
        wrong = [text for text in self._wrong if not any(re.search(pattern, text) for pattern in self._expected)]
        assert not wrong, "\n".join(wrong)

    def _heard(self, message: ConsoleMessage) -> None:
        # The browser's own words on refused requests name no method: `_answered` does.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self._wrong.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            path = response.url.split("/", 3)[-1]
            self._wrong.append(f"{response.status} {response.request.method} /{path}")
