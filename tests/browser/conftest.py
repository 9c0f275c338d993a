"""Prefect's pages and the workspace's in a real browser, over a stack of real processes.

Both live as long as the module of tests: Playwright keeps an event loop open, which would be in the way of other
folders' tests, and the stack works all the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.prefect_stack import LONG_LIFE, Stack, prefect_stack

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from support.prefect_pages import Pages
    from support.workspace_pages import Workspace


@pytest.fixture(scope="module")
def whole_stack(chromium: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Both simulators, Prefect, and `a2m serve`."""
    with prefect_stack(tmp_path_factory.mktemp("stack")) as made:
        yield made


@pytest.fixture(scope="module", autouse=True)
def killed(whole_stack: Stack) -> str:
    """A run of customers that was killed in the middle of its first request to Magento, before anything else was done.
    Magento handles that request when nobody listens any more.

    The lease outlives the run by a minute: the other tests, none of which works on customers, pass meanwhile.
    """
    whole_stack.break_with("magento POST path=*/customers: delay=20")
    whole_stack.configure(queue=LONG_LIFE)
    run_id = whole_stack.start("customer")
    whole_stack.wait_until_sending("customer")
    whole_stack.kill(run_id)
    whole_stack.break_with("")
    whole_stack.configure()
    return run_id


@pytest.fixture
def stack(whole_stack: Stack) -> Iterator[Stack]:
    """The stack, whose settings file and faults are as they were again after each test."""
    yield whole_stack
    whole_stack.break_with("")
    whole_stack.configure()


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """Start the browser."""
    from support.prefect_pages import browser_of

    with browser_of(chromium) as started:
        yield started


@pytest.fixture(scope="module")
def tab(whole_stack: Stack, browser: Browser) -> Iterator[Pages]:
    """The tab of one person, which loads and compiles Prefect's pages once."""
    from support.prefect_pages import STAND_STILL, Pages

    window = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US", timezone_id="UTC")
    window.add_init_script(STAND_STILL)
    yield Pages(window.new_page(), whole_stack)
    window.close()


@pytest.fixture
def pages(tab: Pages) -> Iterator[Pages]:
    """That tab, which rests after each test."""
    yield tab
    tab.leave()


@pytest.fixture
def workspace(stack: Stack, browser: Browser) -> Iterator[Workspace]:
    """A new tab with the workspace, in which nothing may be wrong: neither in a script, nor against its policy."""
    yield from _workspace(stack, browser)


@pytest.fixture
def another(stack: Stack, browser: Browser) -> Iterator[Workspace]:
    """Open a second tab with the workspace, for another person."""
    yield from _workspace(stack, browser)


def _workspace(stack: Stack, browser: Browser) -> Iterator[Workspace]:
    from support.prefect_pages import PATIENCE
    from support.workspace_pages import Workspace

    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US", timezone_id="UTC")
    tab = context.new_page()
    tab.set_default_timeout(PATIENCE)
    wrong: list[str] = []
    tab.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    yield Workspace(tab, stack)
    context.close()
    assert [one for one in wrong if "status of 4" not in one] == []
