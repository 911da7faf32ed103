"""One browser for all tests of pages, over the stack that all end-to-end tests share."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from stack.trial import Trial
from tests.e2e.browser import Visitor, chromium
from tests.e2e.page.known import Shelf
from tests.e2e.service import Service


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser beside the whole stack takes minutes on two cores: slow."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The system's browser; its event loop ends with this package."""
    with chromium() as found:
        yield found


@pytest.fixture
def visiting(browser: Browser, service: Service) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors; options are those of a browser context. Each is held to what a visitor must not see."""
    visitors: list[Visitor] = []
    stack = str(service.http.base_url).rstrip("/")

    def visit(base_url: str = stack, **options: Any) -> Visitor:
        visitors.append(Visitor(browser, base_url, **options))
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.leave()


@pytest.fixture
def visitor(visiting: Callable[..., Visitor]) -> Visitor:
    """Somebody who looks."""
    return visiting()


@pytest.fixture
def nobody(service: Service) -> Iterator[None]:
    """Nobody is known, and there is no collection, before a test and after it."""
    _forget_everybody(service)
    yield
    _forget_everybody(service)


def _forget_everybody(service: Service) -> None:
    for collection in service.http.get("/people/collections").raise_for_status().json()["items"]:
        name = collection["name"]
        while people := service.http.get("/people", params={"collection": name}).raise_for_status().json()["items"]:
            for person in people:
                service.http.delete(f"/people/{person['person_id']}").raise_for_status()
        service.http.delete(f"/people/collections/{name}").raise_for_status()


@pytest.fixture(scope="module")
def shelf(stack: Trial) -> Iterator[Shelf]:
    """Where videos with known rows are put."""
    with contextlib.closing(Shelf(stack.cassandra(), stack.settings.data_dir / "frames")) as found:
        yield found
