"""The workspace in a real browser: it refreshes itself, works by keyboard, fits a telephone, and is read aloud well."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn
from argon2 import PasswordHasher
from support.axe import violations
from support.isolation import isolated_home, present_worlds
from support.project import ROOT
from support.workspace import PASSWORD, Site

import app.users
from connector.state.sync import entities
from sandbox.catalogue import Product
from settings import load_settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PAGES = {
    "overview": "/",
    "failed-groups": "/failed",
    "failed-group": "/failed/group?entity=price&code=unknown_sku",
    "records": "/record?q=SKU-001",
    "record": "/record/price?key=SKU-001",
    "activity": "/activity",
    "sent": "/activity/sent?entity=price&day={today}",
    "reconcile": "/reconcile",
    "setup-sections": "/setup",
    "setup-inventory": "/setup/inventory",
    "setup-connection": "/setup/magento",
    "setup-history": "/setup/history",
    "setup-version": "/setup/history/0",
}
WITH_PICTURES = "A2M_PICTURES" in os.environ
PICTURED = ("overview", "failed-groups", "setup-inventory")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A workspace at a port of its own, in which the prices of 60 products failed; it has no Prefect."""
    folder = tmp_path_factory.mktemp("workspace")
    with pytest.MonkeyPatch.context() as patch, present_worlds(folder, patch) as make_world:
        isolated_home(folder, patch)
        products = [Product(f"SKU-{number:03}", "x", 5_000_000, {"MAIN": 30_000}) for number in range(60)]
        world = make_world(products, shop_products=[])
        patch.setattr(app.users, "_hasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        patch.delenv("A2M_ACTIVE__CUSTOMER", raising=False)
        asyncio.run(world.sync("price", load_settings()))
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        made = Site(world.state, port=port)
        made.now = datetime.now(UTC)
        made.url = f"http://127.0.0.1:{port}"  # type: ignore[attr-defined]
        server = uvicorn.Server(uvicorn.Config(made.app, port=port, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run)
        thread.start()
        yield made
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """The browser."""
    from support.prefect_pages import browser_of

    with browser_of(chromium) as started:
        yield started


@pytest.fixture
def page(site: Site, browser: Browser) -> Iterator[Page]:
    """A tab in which nothing may be wrong: neither in a script, nor against the policy of what may be loaded."""
    context = browser.new_context(base_url=site.url, viewport={"width": 1280, "height": 900})  # type: ignore[attr-defined]
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.set_default_timeout(120_000)
    yield tab
    context.close()
    assert [one for one in wrong if "status of 4" not in one] == []


def picture(page: Page, name: str) -> None:
    """A picture for the documentation, where somebody asked for pictures: `A2M_PICTURES=1`."""
    if WITH_PICTURES:
        page.screenshot(path=ROOT / "docs" / "pictures" / f"workspace-{name}.png")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_every_page_is_fit_for_everybody(site, page, width, scheme):
    """Wide and light, narrow and dark: axe finds nothing serious, and no page is wider than the window."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    for name, path in PAGES.items():
        page.goto(path.format(today=site.now.date()))
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        if width == 1280 and name in PICTURED:
            picture(page, name)


def test_the_overview_refreshes_itself(site, page):
    """What changed is there without loading the page again; while nobody looks nothing is asked for."""
    page.goto("/")
    with site.state.write() as connection:
        entities.remember_sync(connection, "order", site.now, "7 changed, 7 sent", did_nothing=False, full=False)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.get_by_text("7 changed, 7 sent").wait_for()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("Object.defineProperty(document, 'visibilityState', {value: 'hidden'})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(300)
    assert asked == []


def test_activity_refreshes_both_of_its_parts(page):
    """What runs now and how busy both systems are are asked for at once, and each is there once afterwards."""
    page.goto("/activity")
    page.evaluate("for (const id of ['working', 'load']) document.getElementById(id).dataset.old = 'yes'")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    for part in ("#working", "#load"):
        page.locator(f"{part}:not([data-old])").wait_for(state="attached")
        assert page.locator(part).count() == 1
    assert len(asked) == 1


def test_records_are_legible_on_a_telephone(page):
    """In a list of failed messages each record's name stands in one line beside its box."""
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(PAGES["failed-group"])
    name = page.locator("th[scope=row]").first.bounding_box()
    assert name["width"] > 250


def test_by_keyboard(page):
    """The first stop skips to the content; a message is ticked and its button pressed without a mouse."""
    page.goto("/failed/group?entity=price&code=unknown_sku&text=SKU-00")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.get_by_label("SKU-001", exact=True).focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Send ticked again").focus()
    page.keyboard.press("Enter")
    page.get_by_role("status").get_by_text("1 message is sent again").wait_for()


def test_enter_in_the_reason_skips(page):
    """Return in the field of the reason presses Skip, not Send again, which is the first button of the form."""
    page.goto("/failed/group?entity=price&code=unknown_sku&text=SKU-059")
    page.get_by_label("Reason", exact=True).fill("sold out for good")
    page.keyboard.press("Enter")
    page.get_by_role("status").get_by_text("1 message is skipped: sold out for good.").wait_for()


def test_all_of_a_page_are_ticked_and_skipped(page):
    """The box at the head ticks fifty; those are skipped with a reason, once asked."""
    page.goto("/failed/group?entity=price&code=unknown_sku")
    page.get_by_label("Tick all on this page").check()
    assert page.locator('input[name="id"]:checked').count() == 50
    page.get_by_label("Reason", exact=True).fill("not for the shop")
    page.get_by_role("button", name="Skip ticked").click()
    page.get_by_role("status").get_by_text("50 messages are skipped: not for the shop.").wait_for()
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_label("Reason", exact=True).fill("the rest")
    page.get_by_role("button", name=re.compile("Skip all")).click()
    page.wait_for_timeout(200)
    assert "/failed/group" in page.url
    assert page.locator('input[name="id"]').count() > 0


def test_a_user_logs_in(site, page):
    """With a password, from then on; and out again. Nothing is left to others at the same browser."""
    site.add_user()
    page.goto("/failed")
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Failed messages").wait_for()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("heading", name="Log in").wait_for()
    page.goto("/failed")
    page.get_by_role("heading", name="Log in").wait_for()
