"""The workspace in this process, over a state database of its own, as a browser sees it; no sockets, no Prefect."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.testclient import TestClient

from app.roles import Role
from app.users import add_user
from connector.state.engine import State
from connector.state.operator import audit
from settings.web import Web
from web.app import create_app
from web.security.attempts import LoginAttempts
from web.security.entrance import entrance_of
from web.security.visitor import form_token
from web.workspace import NotStarted, StartedRun, Workspace

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
HERE = "http://localhost:8086"
RUN = "0198c5a2-2f6b-7000-8000-000000000001"
PASSWORD = "a long enough password"


@dataclass
class NotedRuns:
    """Prefect, as far as pages know it: what was started, and what its form of the settings shows."""

    started: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    fault: str = ""
    form: dict[str, Any] = field(default_factory=dict)

    def start(self, deployment: str, parameters: dict[str, object] | None = None) -> StartedRun:
        if self.fault:
            raise NotStarted(self.fault)
        self.started.append((deployment, parameters or {}))
        return StartedRun("brave-otter", RUN)

    def show_settings(self, filled: dict[str, Any]) -> None:
        if self.fault:
            raise NotStarted(self.fault)
        self.form = filled

    def page(self) -> str | None:
        return "http://127.0.0.1:4200"

    def page_of(self, run_id: str) -> str | None:
        return f"{self.page()}/runs/flow-run/{run_id}"


class Site:
    """The workspace and a browser that looks at it."""

    def __init__(self, state: State, **settings: Any) -> None:
        self.state, self.runs, self.now = state, NotedRuns(), NOW
        self.entrance = entrance_of(Web(**settings), state)
        self.workspace = Workspace(state, lambda: self.now, self.runs, self.entrance, LoginAttempts())
        self.app = create_app(self.workspace)
        self.browser = self.another_browser()

    def another_browser(self, address: str = "127.0.0.1", base_url: str = HERE, **how: Any) -> TestClient:
        """A browser that has seen nothing yet, at another address perhaps."""
        return TestClient(self.app, base_url=base_url, client=(address, 50000), follow_redirects=False, **how)

    def get(self, path: str, **how: Any) -> Any:
        """Open a page."""
        return self.browser.get(path, **how)

    def token(self, page: str = "/") -> str:
        """The secret that the forms of a page have in this browser."""
        self.get(page)
        return form_token(self.browser.cookies[self.entrance.cookie])

    def post(self, path: str, page: str = "/", **fields: Any) -> Any:
        """Send a form of a page, as a browser does; gives the answer, before the page to which it leads."""
        given = {"form_token": self.token(page), **fields}
        return self.browser.post(path, data=given, headers={"Origin": HERE})

    def act(self, path: str, page: str = "/", **fields: Any) -> str:
        """Send a form that is good, and return what the next page says was done."""
        answer = self.post(path, page, **fields)
        assert answer.status_code == 303, answer.text
        shown = self.get(answer.headers["location"]).text
        found = re.search(r'<p class="notice[^"]*" role="status">(.*?)</p>', shown, re.DOTALL)
        assert found, shown
        return found[1].replace("&#39;", "'").replace("&#34;", '"').replace("&amp;", "&")

    def add_user(self, name: str = "anna", role: Role = Role.ADMINISTRATOR) -> None:
        """Somebody may log in."""
        add_user(self.state, name, role, PASSWORD, self.now)

    def log_in(self, name: str = "anna", password: str = PASSWORD, **fields: Any) -> Any:
        """Log in, as the login page does."""
        return self.post("/login", "/login", name=name, password=password, **fields)

    def done(self) -> list[audit.Done]:
        """What stands in the audit, the oldest first."""
        with self.state.read() as connection:
            return audit.newest(connection)[::-1]

    def wait(self, time: timedelta) -> None:
        """Let time pass."""
        self.now += time
