"""The workspace's pages in a browser, over a stack of real processes, used as a person uses them."""

from __future__ import annotations

import os
import re

from playwright.sync_api import Locator, Page, expect
from support.axe import violations
from support.prefect_stack import Stack
from support.project import ROOT

PICTURES = ROOT / "docs" / "pictures"


class Workspace:
    """The pages in one tab."""

    def __init__(self, page: Page, stack: Stack) -> None:
        self.page = page
        self._stack = stack

    def open(self, path: str) -> None:
        """Go to a page."""
        self.page.goto(f"{self._stack.workspace}{path}")

    def go(self, name: str) -> None:
        """Follow a link, or press what looks like one, by its name."""
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def press(self, name: str) -> None:
        """Press a button by its name."""
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def fill(self, **fields: str) -> None:
        """Fill in fields of a section by their names in the settings."""
        for name, value in fields.items():
            self.page.locator(f'[name="f.{name}"]').fill(value)

    def secret(self, label: str, value: str) -> None:
        """Type a secret twice, where it is not set yet."""
        section = self.page.locator("fieldset").filter(has_text=label).filter(has_text="Confirm")
        if section.locator("details").get_attribute("open") is None:
            section.locator("summary").click()
        self.page.get_by_label(label, exact=True).fill(value)
        self.page.get_by_label(f"Confirm {label}", exact=True).fill(value)

    def see(self, words: str | re.Pattern[str]) -> None:
        """Words anywhere on the page."""
        expect(self.page.locator("main")).to_contain_text(words)

    def see_notice(self, words: str) -> None:
        """What was just done."""
        expect(self.page.get_by_role("status")).to_contain_text(words)

    def card(self, entity: str) -> Locator:
        """The card of an entity on the Overview."""
        return self.page.locator(".entity").filter(has=self.page.locator(f"#{entity}-title"))

    def see_card(self, entity: str, words: str) -> None:
        """Words on the card of an entity, once they are there: the page refreshes itself."""
        expect(self.card(entity)).to_contain_text(words)

    def is_fit(self) -> None:
        """Axe finds nothing serious, and the page is not wider than its window, wide and narrow."""
        for width in (390, 1280):
            self.page.set_viewport_size({"width": width, "height": 900})
            assert violations(self.page) == [], self.page.url
            assert self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), self.page.url

    def picture(self, name: str) -> None:
        """A picture for the documentation, where somebody asked for pictures: `A2M_PICTURES=1`."""
        if os.environ.get("A2M_PICTURES"):
            self.page.screenshot(path=PICTURES / f"workspace-{name}.png")
