"""The workspace's page of each step of the tutorial: opened whenever the tests run, and pictured where asked for."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import pytest
import uvicorn
from support.prefect_server import free_port
from support.project import ROOT
from support.workspace import Site
from support.world import World

PICTURES = ROOT / "docs" / "pictures"
WITH_PICTURES = "A2M_PICTURES" in os.environ
"""`make pictures` sets it."""


class Shown(NamedTuple):
    """A page that shows what a command of the tutorial did: its picture, its address, and a word on it."""

    picture: str
    path: str
    word: str


class PagesOfTheTutorial:
    """Opens pages of the workspace over a world's state; with pictures, in a browser too."""

    def __init__(self, here: World, request: pytest.FixtureRequest) -> None:
        port = free_port()
        self._url = f"http://127.0.0.1:{port}"
        self._port, self._site = port, Site(here.state, port=port)
        self._browser = self._site.another_browser(base_url=self._url)
        self._here, self._request = here, request
        self._ended = ExitStack()

    def __enter__(self) -> Self:
        if WITH_PICTURES:
            server = uvicorn.Server(uvicorn.Config(self._site.app, port=self._port, log_level="error", lifespan="off"))
            thread = threading.Thread(target=server.run)
            thread.start()
            self._ended.callback(thread.join)
            self._ended.callback(setattr, server, "should_exit", True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.close()

    def show(self, shown: Shown) -> None:
        """Open the page, which says the word, and keep a picture of it where pictures are made."""
        self._site.now = self._here.clock.now()
        answer = self._browser.get(shown.path)
        assert (answer.status_code, shown.word in answer.text) == (200, True), (shown, answer.text)
        if WITH_PICTURES:
            self._picture(shown)

    def _picture(self, shown: Shown) -> None:
        """In a browser of its own: while one is open, this thread has its event loop, and runs no command."""
        from support.prefect_pages import browser_of

        chromium: Path = self._request.getfixturevalue("chromium")
        with browser_of(chromium) as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(f"{self._url}{shown.path}")
            page.screenshot(path=PICTURES / f"{shown.picture}.png")
