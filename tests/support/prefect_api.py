"""Prefect's API as its UI asks it, of a server with `a2m serve` beside it."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from support.processes import wait_until
from support.served import one_client

from app.deployment_names import deployment_name, entity_of
from entities.names import NAMES

ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def called(deployment: str) -> str:
    """Return the name of a deployment, which may be given by its entity."""
    return deployment_name(deployment) if deployment in NAMES else deployment


class PrefectApi:
    """The API at an address."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, path: str, method: str = "POST", **body: Any) -> Any:
        """Ask it; while runs begin it may answer late, or that it is busy."""
        given: list[httpx.Response] = []

        def is_answered() -> bool:
            with suppress(httpx.TimeoutException):
                given.append(one_client().request(method, f"{self.url}/{path}", json=body, timeout=30))
            return bool(given) and given[-1].status_code < 500

        wait_until(is_answered, "an answer of Prefect")
        assert given[-1].is_success, given[-1].text
        return given[-1].json() if given[-1].content else None

    def deployments(self) -> dict[str, dict[str, Any]]:
        """Every deployment by its name, those of entities by the entity's."""
        return {entity_of(one["name"]): one for one in self.ask("deployments/filter")}

    def start(self, deployment: str, **parameters: Any) -> str:
        """Start a run as an operator does; return its id."""
        path = f"deployments/{self.deployments()[deployment]['id']}/create_flow_run"
        return str(self.ask(path, parameters=parameters)["id"])

    def make_late(self, deployment: str, how_many: int) -> list[str]:
        """Make runs as the scheduler does, which were due every minute until now; gives their ids, the newest last.

        All but that one are called late already. Prefect's server would rename them itself, all at once, which over
        SQLite takes it most of a minute: one locks the database for the others, and each of those tries again.
        """
        path, now = f"deployments/{self.deployments()[deployment]['id']}/create_flow_run", datetime.now(UTC)
        made = []
        for ago in range(how_many, 0, -1):
            due = (now - timedelta(minutes=ago)).isoformat()
            name = "Late" if ago > 1 else "Scheduled"
            state = {"type": "SCHEDULED", "name": name, "state_details": {"scheduled_time": due}}
            made.append(str(self.ask(path, state=state, tags=["auto-scheduled"])["id"]))
        return made

    def run(self, run_id: str) -> dict[str, Any]:
        """A run as it is now."""
        (found,) = self.ask("flow_runs/filter", flow_runs={"id": {"any_": [run_id]}})
        return dict(found)

    def runs(self, deployment: str, **chosen: Any) -> list[dict[str, Any]]:
        """The runs of a deployment, the newest first."""
        of_it = {"name": {"any_": [called(deployment)]}}
        asked = {"deployments": of_it, "flow_runs": chosen, "sort": "EXPECTED_START_TIME_DESC"}
        return list(self.ask("flow_runs/filter", **asked))

    def wait_for(self, run_id: str, *states: str, seconds: float = 120) -> dict[str, Any]:
        """A run once it is in one of these states."""
        now: dict[str, Any] = {}

        def is_there() -> bool:
            now.update(self.run(run_id))
            return now["state_type"] in states

        wait_until(is_there, f"{' or '.join(states)} of {run_id}, which is {now.get('state')}", seconds=seconds)
        return now

    def wait_for_work(self, run_id: str) -> int:
        """Wait until the run works; return its process id."""
        self.wait_for(run_id, "RUNNING")
        wait_until(lambda: self.log(run_id), f"a line in the log of {run_id}")
        return process_number(self.run(run_id))

    def cancel(self, run_id: str) -> None:
        """Cancel a run, as the button in the UI does."""
        self.ask(f"flow_runs/{run_id}/set_state", state={"type": "CANCELLING", "name": "Cancelling"}, force=False)

    def log(self, run_id: str) -> list[str]:
        """The lines in the log tab of a run that come from the run itself, and not from the worker."""
        found = self.ask("logs/filter", logs={"flow_run_id": {"any_": [run_id]}}, sort="TIMESTAMP_ASC")
        return [line["message"] for line in found if line["name"] != "prefect.flow_runs.worker"]

    def events(self, run_id: str, name: str) -> int:
        """How many events of this name a run has."""
        wanted = {"event": {"name": [name]}, "resource": {"id": [f"prefect.flow-run.{run_id}"]}}
        return int(self.ask("events/filter", filter=wanted)["total"])


def process_number(run: dict[str, Any]) -> int:
    """Return the process id of a run, as the worker reported it to Prefect."""
    return int(run["infrastructure_pid"].split("|")[1])


def kill(pid: int) -> None:
    """Kill a process, as the kernel does when memory is short."""
    os.kill(pid, signal.SIGKILL)
