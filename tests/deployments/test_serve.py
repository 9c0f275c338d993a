"""`a2m serve` on a real Prefect server: what it registers, that runs are scheduled and run, and how it ends."""

import asyncio
import signal
import socket
import sys
from contextlib import closing
from datetime import UTC, datetime

import httpx
import psutil
import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings
from support.commands import SECRETS, command, environment, run, settings_of
from support.prefect_api import PrefectApi
from support.processes import family, left_of, running, wait_until
from support.webhook import webhook as a_webhook

from connector.state.engine import open_state
from connector.state.operator import overview
from deployments.automate import apply_automations, notification_blocks
from deployments.catalogue import OF_ENTITIES
from flows.entity import NEEDS_ATTENTION

ENTITIES = ["customer", "inventory", "order", "price", "shipment"]
ACTIVE = ["inventory", "price"]
BY_HAND = [
    "Explain",
    "Full Sync",
    "Reconcile",
    "Status",
    "Housekeeping",
    "Link a Document",
    "One Key Now",
    "Pause",
    "Reprocess Failed Messages",
    "Resume",
    "Setup Parameters",
    "Test Connection",
    "Watch",
]


def free_port():
    """A port that nobody listens at."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_serve(server, hole, folder):
    """It registers a deployment per entity, Prefect schedules runs of those that are active, they run, the workspace is
    served beside them, and SIGTERM ends all of it.

    The `.env` beside it counts, the modules beside it do not.
    """
    lines = [f"{name}='{value}'\n" for name, value in settings_of(hole, hole).items()]
    (folder / ".env").touch(mode=0o600)
    (folder / ".env").write_text("".join(lines))
    port = free_port()
    settings = {"PREFECT_API_URL": server, "A2M_WEB__ENABLED": "true", "A2M_WEB__PORT": str(port)}
    log = folder / "serve.log"
    with running(command("serve"), folder=folder, environ=environment(folder, settings), log=log) as serving:
        wait_until(lambda: "Serving" in log.read_text() or serving.poll() is not None, "serving")
        wait_until(lambda: f"Workspace: http://127.0.0.1:{port}" in log.read_text(), "the workspace")
        assert httpx.get(f"http://127.0.0.1:{port}/readyz").text == "ready\n"
        prefect = PrefectApi(server)
        found = prefect.deployments()
        assert sorted(found) == sorted([*BY_HAND, *ENTITIES]), log.read_text()
        form = found["Setup Parameters"]
        assert form["parameters"]["settings"]["acumatica"]["url"] == hole, "the form shows what is in force"
        assert not [secret for secret in SECRETS if secret in str(form)]
        of_entities = {entity: found[entity] for entity in ENTITIES}
        for entity, one in of_entities.items():
            assert one["entrypoint"] == f"flows.{entity}.{entity}"
            assert one["concurrency_limit"] is None
            assert one["global_concurrency_limit"] is None
            assert [schedule["schedule"]["cron"] for schedule in one["schedules"]] == ["* * * * *"]
            assert one["schedules"][0]["active"]
            assert one["paused"] == (entity not in ACTIVE)
        by_schedule = {"tags": {"all_": ["auto-scheduled"]}}
        for entity in ACTIVE:
            wait_until(lambda entity=entity: prefect.runs(entity, **by_schedule), f"scheduled runs of {entity}")

        started = prefect.start("price")
        wait_until(lambda: who_works(folder), "a price run that works")
        processes = family(serving.pid)
        assert len(processes) > 1, "each run is a process of its own"
        message = log.read_text()
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(timeout=60) == 0
        psutil.wait_procs(processes, timeout=60)
        assert left_of(processes) == []
        assert who_works(folder) is None, "a run that is ended releases its lease"
        assert prefect.run(started)["state_type"] in ("CANCELLED", "COMPLETED", "SCHEDULED")
    assert "Traceback" not in message, message
    assert "was imported" not in message
    assert "Warning" not in log.read_text()


def test_a_worker_of_prefects_command_ends_just_after_its_start(server, folder):
    """`prefect worker start --type a2m`, while its fork server imports: it ends with 0 and leaves no process."""
    start = [sys.executable, "-P", "-m", "prefect", "worker", "start", "--pool", "signals", "--type", "a2m"]
    environ, log = environment(folder, {"PREFECT_API_URL": server}), folder / "worker.log"
    with running(start, folder=folder, environ=environ, log=log) as process:
        wait_until(lambda: len(family(process.pid)) > 1 or process.poll() is not None, "a fork server that imports")
        assert process.poll() is None, log.read_text()
        processes = family(process.pid)
        process.terminate()
        assert process.wait(timeout=60) == 0, log.read_text()
        psutil.wait_procs(processes, timeout=60)
        assert left_of(processes) == []
    assert "Traceback" not in log.read_text()


@pytest.fixture
def webhook():
    """The address of a webhook, and what it received."""
    with a_webhook() as given:
        yield given


async def test_a_run_that_needs_a_person_is_notified_of(server, webhook):
    """The server itself sends one notification through the Block, with the run's name and its message, when a run of an
    entity ends in NeedsAttention; none for other runs, and none where a run only failed.
    """
    url, bodies = webhook
    prefect = PrefectApi(server)

    def end(name, state, *tags):
        run = prefect.ask("flow_runs/", name=name, flow_id=flow, tags=tags, state={"type": "RUNNING"})["id"]
        prefect.ask(f"flow_runs/{run}/set_state", state={"type": "FAILED", **state})

    with temporary_settings({PREFECT_API_URL: server}):
        async with get_client() as client:
            block = CustomWebhookNotificationBlock(
                name="ops", url=url, json_data={"title": "{{subject}}", "text": "{{body}}"}
            )
            await block.save("of-a-test", overwrite=True)
            await apply_automations(client, await notification_blocks(client, ["custom-webhook/of-a-test"]))
            flow = prefect.ask("flows/", name="price")["id"]
            end("somebody else's", {"name": NEEDS_ATTENTION, "message": "It is not ours."})
            end("a failed one", {"name": "Failed", "message": "Magento does not answer."}, OF_ENTITIES)
            end("price, 3 failed", {"name": NEEDS_ATTENTION, "message": "3 messages failed."}, OF_ENTITIES)
            await asyncio.to_thread(wait_until, lambda: bodies, "a notification")
            end("price, gave up", {"name": NEEDS_ATTENTION, "message": "It gave up."}, OF_ENTITIES)
            await asyncio.to_thread(wait_until, lambda: len(bodies) > 1, "another notification")
            await apply_automations(client)
    assert [one["title"] for one in bodies] == ["A to M: a run needs you"] * 2
    first, second = (one["text"].splitlines() for one in bodies)
    assert first == ["price, 3 failed", "3 messages failed."], "and no link: this server does not know its address"
    assert second == ["price, gave up", "It gave up."]


def who_works(folder):
    """The run that has the lease of prices."""
    state = open_state(f"sqlite:///{folder / 'a2m' / 'state.sqlite'}")
    with closing(state), state.read() as connection:
        return overview.of_entity(connection, "price", datetime.now(UTC)).working


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ({}, 2, ["No Prefect server is configured", "prefect server start", "PREFECT_API_URL"]),
        ({"PREFECT_API_URL": "http://127.0.0.1:1/api"}, 1, ["http://127.0.0.1:1/api does not answer"]),
    ],
)
def test_without_a_server(folder, settings, code, words):
    """Without a Prefect server it ends at once and says what to do; it starts no temporary one, which schedules
    nothing.
    """
    message = run(["serve"], folder=folder, environ=environment(folder, settings))
    assert (message.code, message.out) == (code, "")
    assert all(word in message.err for word in words), message.err
