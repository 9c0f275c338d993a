"""A notification of Acumatica, by HTTP, starts a run of the entity's deployment on a real Prefect server."""

from datetime import UTC, datetime

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from prefect.types.entrypoint import EntrypointType

from a2m.receiver import starter
from app.deployment_names import deployment_name
from app.effective_settings import effective_settings
from flows.price import price
from receiver.app import create_app

pytestmark = pytest.mark.usefixtures("prefect")
SECRET = "secret-of-a-test"


@pytest.fixture
def message():
    """What the receiver said."""
    return []


@pytest.fixture
def notified(make_world, message):
    """Send one notification of an entity to a receiver that starts runs; gives the status of the answer."""
    make_world(3)

    async def post(entity):
        with effective_settings() as now:
            app = create_app(
                now.state,
                secret=SECRET,
                header="X-Secret",
                entities=("price", "inventory", "shipment"),
                now=lambda: datetime.now(UTC),
                start=starter(now),
                on_message=message.append,
            )
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://here") as client:
                body = {"Id": "1", "Query": "A2M Stock Items"}
                return (await client.post(f"/notify/{entity}", json=body, headers={"X-Secret": SECRET})).status_code

    return post


async def test_it_starts_a_run(notified, message):
    """A run of the deployment that `a2m serve` registers, due at once and not counted as a scheduled one."""
    made = await price.ato_deployment(
        name=deployment_name("price"), tags=["a2m"], entrypoint_type=EntrypointType.MODULE_PATH
    )
    deployment = await made.aapply()
    of_it = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment]))
    async with get_client() as client:
        before = {run.id for run in await client.read_flow_runs(flow_run_filter=of_it)}
        assert await notified("price") == 204
        assert message == ["price was woken: a run is started."]
        runs = [run for run in await client.read_flow_runs(flow_run_filter=of_it) if run.id not in before]
    assert [run.state.type for run in runs] == ["SCHEDULED"]
    assert "auto-scheduled" not in runs[0].tags
    assert runs[0].state.state_details.scheduled_time <= datetime.now(UTC)


async def test_why_it_cannot(notified, message):
    """No deployment, an entity that is not active, a server that does not answer: said in words, and no error for
    Acumatica.
    """
    assert await notified("inventory") == 204
    assert "Prefect has no deployment inventory/A to M: inventory: a2m serve registers it." in message[-1]
    assert await notified("shipment") == 204
    assert "shipment is not active (Individual Sync Status)." in message[-1]
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api", PREFECT_CLIENT_MAX_RETRIES: 0}):
        assert await notified("price") == 204
    assert "no run could be started. Prefect at http://127.0.0.1:1/api (PREFECT_API_URL)" in message[-1]


def test_it_can_be_switched_off(make_world, monkeypatch):
    """By the setting, and by itself where no Prefect server is configured."""
    make_world(1)
    with effective_settings() as now:
        assert starter(now) is not None
        with temporary_settings(restore_defaults={PREFECT_API_URL}):
            assert starter(now) is None
    monkeypatch.setenv("A2M_RECEIVER__START_RUNS", "false")
    with effective_settings() as now:
        assert starter(now) is None
