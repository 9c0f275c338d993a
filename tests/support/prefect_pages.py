"""Prefect's own pages in a browser, used as a person uses them; each step waits until the page shows what it needs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, Response, expect, sync_playwright
from support.prefect_api import called
from support.prefect_stack import Stack
from support.processes import wait_until
from support.project import ROOT

FEATURES_OFF = (
    # what its address bar would show is a page of its own for every window: two processes, and 0.7 s each
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup"),
    # Chromium hears the last list only, and the first one is Playwright's; these of it matter here
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *("HttpsFirstBalancedModeAutoEnable", "MediaRouter", "OptimizationHints", "PaintHolding", "PreconnectToSearch"),
)
ARGUMENTS = [
    f"--disable-features={','.join(FEATURES_OFF)}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
PICTURES = ROOT / "docs" / "pictures"
LARGEST_PICTURE = 170_000
STILL = 5
"""So many equal pictures in a row are one of a page on which nothing moves any more."""
PATIENCE = 120_000
STANDING = "*, ::before, ::after { animation: none !important; transition: none !important }"
"""Prefect's pages move while they wait: a tenth of a core for as long as a run takes."""
STAND_STILL = f"""window.requestAnimationFrame = draw => setTimeout(() => draw(performance.now()), 200);
window.cancelAnimationFrame = clearTimeout;
addEventListener("DOMContentLoaded", () => {{
  const style = document.createElement("style");
  style.textContent = "{STANDING}";
  document.head.append(style);
}})"""


@contextmanager
def browser_of(chromium: Path) -> Iterator[Browser]:
    """The browser without a window, and without a way to any other machine."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


class Pages:
    """The pages of a stack's Prefect in one tab, which stays: to load and compile them takes three seconds."""

    def __init__(self, page: Page, stack: Stack) -> None:
        page.set_default_timeout(PATIENCE)
        self.page = page
        self._stack = stack
        self._seen: set[str] = set()

    def find_deployment(self, name: str) -> None:
        """Look for a deployment in the list, and open it."""
        self._open("/v2/deployments")
        self.page.get_by_placeholder("Search deployments").fill(called(name))
        address = self.page.get_by_role("link", name=called(name), exact=True).first.get_attribute("href")
        assert address is not None
        self.page.goto(f"{self._stack.url}{address}")  # a search draws the list anew: a click, or a way on, may be lost
        expect(self.page.get_by_role("button", name="Run", exact=True)).to_be_visible()

    def start(self, name: str) -> str:
        """Run → Quick run; gives the run's id."""
        return self._started(lambda: self._run(name, "Quick run"))

    def open_form(self, name: str) -> None:
        """Run → Custom run."""
        self._run(name, "Custom run")
        expect(self._submit()).to_be_visible()

    def submit(self) -> str:
        """Send the form; gives the run's id."""
        return self._started(lambda: self._submit().click())

    def try_to_submit(self) -> None:
        """Send a form that will not be taken."""
        self._submit().click()

    def field(self, label: str) -> Locator:
        """A field of a form by its title, whatever Prefect adds to it."""
        return self.page.get_by_label(re.compile(rf"^{re.escape(label)}( \(Optional\))?$")).first

    def choose(self, label: str, choice: str) -> None:
        """Choose from a drop-down."""
        self.page.get_by_label(label).first.click()
        self.page.get_by_role("option", name=choice).click()

    def see_end(self, run_id: str, *, state: str, name: str) -> None:
        """The page of a run that is over: its state, and its name, which says what happened."""
        self._stack.wait_for_end(run_id)
        self._open(f"/v2/runs/flow-run/{run_id}")
        expect(self.page.get_by_text(state, exact=True).first).to_be_visible()
        expect(self.page.get_by_text(name).first).to_be_visible()

    def see_log(self, words: str) -> None:
        """The log of the run on whose page we are, which may have been read before all of its lines had arrived."""
        log = self.page.get_by_role("tabpanel")
        try:
            expect(log).to_contain_text(words, timeout=5_000)
        except AssertionError:
            self.page.reload()
            expect(log).to_contain_text(words)

    def see(self, words: str) -> None:
        """Words anywhere on the page."""
        expect(self.page.locator("body")).to_contain_text(words)

    def see_cells(self, *cells: str) -> None:
        """A row of a table with these texts in its cells."""
        row = self.page.get_by_role("row")
        for cell in cells:
            row = row.filter(has=self.page.get_by_role("cell").filter(has_text=cell))
        expect(row.first).to_be_visible()

    def open_artifact(self, run_id: str, key: str) -> None:
        """From the page of a run to one of its artifacts."""
        self._open(f"/v2/runs/flow-run/{run_id}?tab=Artifacts")
        self.page.get_by_role("tabpanel").get_by_role("link", name=key).click()
        self.page.wait_for_url(f"**/artifacts/key/{key}")
        self.page.get_by_role("link", name=re.compile(r"^[0-9a-f]{8}$")).first.click()
        self.page.wait_for_url("**/artifacts/artifact/**")

    def retry(self) -> None:
        """Retry the run on whose page we are."""
        self.page.get_by_role("button", name="Open menu").click()
        self.page.get_by_role("menuitem", name="Retry").click()
        dialog = self.page.get_by_role("alertdialog").or_(self.page.get_by_role("dialog"))
        with self.page.expect_response("**/set_state"):
            dialog.get_by_role("button", name="Retry").click()
        self.leave()

    def leave(self) -> None:
        """Go to a page on which nothing is drawn: on that of a run its graph is, again and again."""
        self._follow("/v2/variables")
        self.page.wait_for_url("**/v2/variables?*")  # the page gives itself a query, wherever one has gone meanwhile

    def picture(self, name: str, at: Locator | None = None) -> None:
        """A picture for the documentation, where somebody asked for pictures: `A2M_PICTURES=1`."""
        if not os.environ.get("A2M_PICTURES"):
            return
        if at is not None:
            at.evaluate("element => element.scrollIntoView({block: 'center'})")
        expect(self.page.locator("[data-slot=skeleton], .animate-pulse")).to_have_count(0)
        current: list[bytes] = []

        def stands_still() -> bool:
            current.append(self.page.screenshot(animations="disabled"))
            return len(current) >= STILL and len(set(current[-STILL:])) == 1

        wait_until(stands_still, "a page that stands still")
        assert len(current[-1]) <= LARGEST_PICTURE, f"{name} is too large for the documentation"
        PICTURES.mkdir(exist_ok=True)
        (PICTURES / f"{name}.png").write_bytes(current[-1])

    def _open(self, address: str, *, anew: bool = True) -> None:
        """Go to a page as one of Prefect's own links does. One that was seen before is loaded anew, as it shows what it
        knew then, unless that does not matter.
        """
        if not self._seen or (anew and address in self._seen):
            self.page.goto(f"{self._stack.url}{address}")
        else:
            self._follow(address)
        self._seen.add(address)

    def _follow(self, address: str) -> None:
        self.page.evaluate("address => history.pushState(null, '', address)", address)

    def _run(self, name: str, how: str) -> None:
        """Choose from the menu of a deployment's page. Two of these pages have the same buttons, but not the same name
        above them; a form shows the deployment's values, which may have changed.
        """
        self._open(f"/v2/deployments/deployment/{self._stack.deployment(name)}", anew=how == "Custom run")
        here = self.page.get_by_label("breadcrumb").locator("[aria-current=page]")  # its flow has the same name
        expect(here.and_(self.page.get_by_text(called(name), exact=True))).to_be_visible()
        self.page.get_by_role("button", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name=how).click()

    def _submit(self) -> Locator:
        return self.page.get_by_role("button", name="Submit")

    def _started(self, click: Callable[[], object]) -> str:
        """The id of the run that a click starts; a server that is busy refuses it, and then a person clicks again."""
        given: list[Response] = []

        def is_taken() -> bool:
            with self.page.expect_response("**/create_flow_run") as answer:
                click()
            given.append(answer.value)
            return given[-1].status < 500

        wait_until(is_taken, "a run that was started")
        assert given[-1].ok, given[-1].text()
        return str(given[-1].json()["id"])
