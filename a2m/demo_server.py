"""A small HTTP client for the demo's Prefect server: importing Prefect's takes two seconds of processor time.

While runs begin, the server refuses some requests because its database is busy (503). These are repeated.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

from a2m.demo_parts import START_SECONDS, DemoFailed, end_of_log, refuse_ended
from a2m.processes import Children
from app.deployment_names import POOL, full_name

BUSY = (429, 502, 503)
PAUSE = 0.25
FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@dataclass(frozen=True)
class Ended:
    """The state in which a run ended."""

    name: str
    is_completed: bool
    message: str


class DemoServer:
    """The client. Every method raises `DemoFailed` if a process of the demo has ended or the server does not answer."""

    def __init__(self, children: Children, api: str) -> None:
        import httpx

        self._children = children
        self._client = httpx.Client(base_url=api, timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self._client.close()

    def wait_for_worker(self) -> None:
        """Return once `a2m serve` has registered all deployments and runs what is due."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            pool = self._ask("GET", f"/work_pools/{POOL}")
            if pool is not None and pool["status"] == "READY":
                return
            time.sleep(PAUSE)
        raise DemoFailed(end_of_log(self._children, "deployments", "did not start in time"))

    def start_run(self, entity: str) -> str:
        """Start a run of the entity by hand; return its id."""
        deployment = self._ask("GET", f"/deployments/name/{full_name(entity)}")
        if deployment is None:
            raise DemoFailed(end_of_log(self._children, "deployments", f"has not registered {entity}"))
        content = {"idempotency_key": str(uuid4())}  # so that a repeated request starts no second run
        started = self._ask("POST", f"/deployments/{deployment['id']}/create_flow_run", content)
        if started is None:
            raise DemoFailed(f"Somebody deleted the deployment {full_name(entity)} in Prefect.")
        return str(started["id"])

    def state_of(self, run: str) -> Ended | None:
        """Return the final state of the run; None while it has none."""
        state = (self._ask("GET", f"/flow_runs/{run}") or {}).get("state") or {}
        if state.get("type") not in FINAL:
            return None
        return Ended(state["name"], state["type"] == "COMPLETED", state["message"] or "")

    def _ask(self, method: str, path: str, content: dict[str, str] | None = None) -> dict[str, Any] | None:
        """Return the server's answer; None for 404."""
        import httpx

        deadline = time.monotonic() + START_SECONDS
        while True:
            refuse_ended(self._children)
            try:
                answer = self._client.request(method, path, json=content)
            except httpx.TransportError as error:
                refused = str(error) or type(error).__name__
            else:
                if answer.status_code == 404:
                    return None
                if answer.status_code not in BUSY:
                    found: dict[str, Any] = answer.raise_for_status().json()
                    return found
                refused = str(answer.status_code)
            if time.monotonic() > deadline:
                raise DemoFailed(end_of_log(self._children, "prefect", f"does not answer ({refused})"))
            time.sleep(PAUSE)
