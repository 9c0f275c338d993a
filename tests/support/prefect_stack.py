"""Everything as an administrator has it: both simulators, a Prefect server with its UI, and `a2m serve`, as processes.

The settings stand in the settings file, so that the UI may change every one of them. The schedules are switched off: a
test starts its runs itself, and no other one comes between them.
"""

from __future__ import annotations

import json
import shlex
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from support.commands import CommandResult, command, environment, run
from support.prefect_api import called, kill, process_number
from support.prefect_server import prefect_server
from support.processes import running, wait_until
from support.served import one_client

from a2m.demo_server import FINAL
from connector.state.engine import State, open_state
from connector.state.operator import overview
from connector.state.schema import metadata
from connector.state.sync import entities
from entities.names import NAMES
from settings.toml_file import as_toml

Sections = dict[str, dict[str, Any]]
SHORT_LIFE = {"check_process_time": 1, "process_sleep_time": 1}
LONG_LIFE = {"check_process_time": 59, "process_sleep_time": 1}


@dataclass(frozen=True)
class Stack:
    """The running stack; `url` is where Prefect's UI is, `workspace` where our pages are."""

    url: str
    workspace: str
    folder: Path
    sections: Sections
    environ: dict[str, str]

    def configure(self, **sections: dict[str, Any]) -> None:
        """Change single fields of the settings file; without any, restore the original file."""
        names = {**self.sections, **sections}
        together = {name: {**self.sections.get(name, {}), **sections.get(name, {})} for name in names}
        write_settings(self.folder, together)

    def change_erp(self, *changes: dict[str, Any]) -> None:
        """Change something in Acumatica."""
        self._post(self.sections["acumatica"]["url"], changes)

    def change_shop(self, *changes: dict[str, Any]) -> None:
        """Change something in Magento."""
        self._post(self.sections["magento"]["url"], changes)

    def _post(self, url: str, changes: tuple[dict[str, Any], ...]) -> None:
        answer = one_client().post(f"{url}/_sandbox/change", json=list(changes), timeout=60)
        assert answer.is_success, answer.text

    def break_with(self, plan: str) -> None:
        """Set the sandbox's plan of faults; an empty one ends them."""
        answer = one_client().post(f"{self.sections['magento']['url']}/_sandbox/faults", content=plan, timeout=60)
        assert answer.is_success, answer.text

    def shop(self) -> dict[str, Any]:
        """What Magento has."""
        return dict(one_client().get(f"{self.sections['magento']['url']}/_sandbox/state", timeout=60).json())

    def erp(self) -> dict[str, Any]:
        """What Acumatica has."""
        return dict(one_client().get(f"{self.sections['acumatica']['url']}/_sandbox/state", timeout=60).json())

    def a2m(self, *arguments: str) -> CommandResult:
        """Run the command line beside it."""
        return run(arguments, folder=self.folder, environ=self.environ)

    def ask(self, path: str, method: str = "POST", **body: Any) -> Any:
        """Ask Prefect's API, as its UI does; while runs begin it may answer late, or that it is busy."""
        given: list[httpx.Response] = []

        def is_answered() -> bool:
            with suppress(httpx.TimeoutException):
                given.append(one_client().request(method, f"{self.url}/api/{path}", json=body, timeout=30))
            return bool(given) and given[-1].status_code < 500

        wait_until(is_answered, "an answer of Prefect")
        assert given[-1].is_success, given[-1].text
        return given[-1].json() if given[-1].content else None

    def runs(self, deployment: str) -> list[dict[str, Any]]:
        """The runs of a deployment, the newest first."""
        of_it = {"name": {"any_": [called(deployment)]}}
        return list(self.ask("flow_runs/filter", deployments=of_it, sort="EXPECTED_START_TIME_DESC"))

    def start(self, deployment: str, **parameters: Any) -> str:
        """Start a run and return its id."""
        path = f"deployments/{self.deployment(deployment)}/create_flow_run"
        return str(self.ask(path, parameters=parameters, idempotency_key=str(uuid4()))["id"])

    def deployment(self, name: str) -> str:
        """The id of a deployment."""
        (found,) = self.ask("deployments/filter", deployments={"name": {"any_": [called(name)]}})
        return str(found["id"])

    def form(self, deployment: str) -> dict[str, Any]:
        """What the form of a deployment shows."""
        (found,) = self.ask("deployments/filter", deployments={"name": {"any_": [deployment]}})
        return dict(found["parameters"])

    def run(self, run_id: str) -> dict[str, Any]:
        """A run as it is now."""
        (found,) = self.ask("flow_runs/filter", flow_runs={"id": {"any_": [run_id]}})
        return dict(found)

    def wait_for_end(self, run_id: str, *, run_count: int = 1) -> dict[str, Any]:
        """A run once it is over, or over again."""

        def is_over() -> bool:
            now = self.run(run_id)
            return now["run_count"] >= run_count and now["state_type"] in FINAL

        wait_until(is_over, f"the end of run {run_id}")
        return self.run(run_id)

    def pause(self, *names: str, paused: bool) -> None:
        """Pause entities, without names every one, or resume them."""
        with self._state() as state:
            entities.pause(state, list(names or NAMES), paused=paused)

    @contextmanager
    def _state(self) -> Iterator[State]:
        with closing(open_state(f"sqlite:///{self.folder / 'a2m' / 'state.sqlite'}")) as state:
            yield state

    def begin_anew(self) -> None:
        """Nothing was ever configured, read or sent: no settings file, and an empty state. Nothing works meanwhile."""
        (self.folder / "a2m" / "settings.toml").unlink()
        with self._state() as state, state.write() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())

    def wait_until_sending(self, entity: str) -> None:
        """Wait until messages of the entity are on their way to Magento."""
        with self._state() as state:

            def is_sending() -> bool:
                with state.read() as connection:
                    return bool(overview.of_entity(connection, entity, datetime.now(UTC)).counts["sending"])

            wait_until(is_sending, f"{entity} on its way")

    def kill(self, run_id: str) -> None:
        """Kill the process in which a run works."""
        wait_until(lambda: self.run(run_id)["infrastructure_pid"], "a process of the run")
        kill(process_number(self.run(run_id)))


def write_settings(folder: Path, sections: Sections) -> None:
    """Return the path of the stack's settings file."""
    file = folder / "a2m" / "settings.toml"
    file.parent.mkdir(exist_ok=True)
    part = file.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(as_toml(sections))
    part.replace(file)


@contextmanager
def prefect_stack(folder: Path) -> Iterator[Stack]:
    """Start everything, and end it for certain."""
    port = _free_port()
    web = {"A2M_WEB__ENABLED": "true", "A2M_WEB__PORT": str(port)}
    environ, lines = environment(folder, web), folder / "sandbox.env"
    ports = ["--acumatica-port", "0", "--magento-port", "0"]
    with ExitStack() as processes:

        def begin(name: str, words: list[str]) -> Any:
            log = folder / f"{name}.log"
            return processes.enter_context(running(words, folder=folder, environ=environ, log=log))

        begin("sandbox", command("sandbox", "--skus", "40", "--documents", "3", "--env", str(lines), *ports))
        url = processes.enter_context(prefect_server(folder, environ))
        environ["PREFECT_API_URL"] = f"{url}/api"
        wait_until(lines.exists, "a sandbox")
        stack = Stack(url, f"http://127.0.0.1:{port}", folder, _sections(lines), environ)
        stack.configure()
        stack.pause(paused=True)  # no run is scheduled before the schedules are switched off
        begin("deployments", command("serve"))
        wait_until(lambda: "Serving" in (folder / "deployments.log").read_text(), "deployments")
        wait_until(lambda: "Workspace: " in (folder / "deployments.log").read_text(), "the workspace")
        _switch_schedules_off(stack)
        stack.pause(paused=False)
        yield stack


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _sections(lines: Path) -> Sections:
    """What the sandbox's lines say, as the settings file has it; runs live as short as they may."""
    sections: Sections = {"queue": dict(SHORT_LIFE)}
    for line in lines.read_text().splitlines():
        name, _is, value = shlex.split(line)[0].partition("=")
        section, _, field = name.removeprefix("A2M_").lower().partition("__")
        sections.setdefault(section, {})[field] = json.loads(value) if value[0] in "[{" else value
    return sections


def _switch_schedules_off(stack: Stack) -> None:
    """Runs that are scheduled already are taken away by the server."""
    for deployment in stack.ask("deployments/filter"):
        for schedule in deployment["schedules"]:
            stack.ask(f"deployments/{deployment['id']}/schedules/{schedule['id']}", "PATCH", active=False)
    at_work = {"state": {"type": {"any_": ["PENDING", "RUNNING"]}}}
    wait_until(lambda: not stack.ask("flow_runs/filter", flow_runs=at_work), "the end of what was scheduled before")
