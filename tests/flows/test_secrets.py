"""Secrets are nowhere: after runs of everything, no database, log, artifact, parameter or output holds one."""

import shlex
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.logging.handlers import APILogHandler

from app.effective_settings import effective_settings
from flows.connection import connection
from flows.credentials import BLOCK_NAME, AcumaticaCredentials, MagentoCredentials, register
from flows.customer import customer
from flows.inventory import inventory
from flows.order import order
from flows.price import price
from flows.reprocess import reprocess
from flows.setup_parameters import setup_parameters
from flows.shipment import shipment
from sandbox.serve import lines_that_connect
from settings import as_form

pytestmark = pytest.mark.usefixtures("prefect")
RIGHT = {
    "A2M_MAGENTO__BEARER_TOKEN": "sandbox-magento-token",
    "A2M_ACUMATICA__CLIENT_ID": "sandbox-client",
    "A2M_ACUMATICA__CLIENT_SECRET": "sandbox-client-secret",
    "A2M_RECEIVER__SECRET": "receiver-secret-of-a-test",
}
WRONG = {
    "A2M_MAGENTO__BEARER_TOKEN": "wrong-token-of-a-test",
    "A2M_ACUMATICA__PASSWORD": "wrong-password-of-a-test",
    "A2M_ACUMATICA__CLIENT_SECRET": "wrong-client-secret-of-a-test",
}
IN_BLOCKS = {"bearer_token": "block-token-of-a-test", "password": "block-password-of-a-test"}
SECRETS = {
    *(value for name, value in {**RIGHT, **IN_BLOCKS}.items() if name != "A2M_ACUMATICA__CLIENT_ID"),
    *WRONG.values(),
}
ENTITIES = (price, inventory, customer, order, shipment)


@pytest.fixture
def here(make_world, monkeypatch):
    """A world with documents, all entities active, and credentials of every kind."""
    made = make_world(12, acumatica={"documents": 4})
    for line in lines_that_connect(made.acumatica.url, made.magento.url, documents=True):
        name, _is, value = shlex.split(line)[0].partition("=")
        monkeypatch.setenv(name, value)
    for name, value in RIGHT.items():
        monkeypatch.setenv(name, value)
    return made


async def a_day_of_an_administrator():
    """Test Connection, a change of Setup Parameters, every entity, and Reprocess: how each ended, and its words."""
    with effective_settings() as now:
        form = as_form(now.settings)
    form["queue"]["batch_count"] = 7
    finals = [
        await connection(return_state=True),
        await setup_parameters(form, "Ann", return_state=True),
        *[await one(return_state=True) for one in ENTITIES],
        await reprocess("Send them again", return_state=True),
    ]
    return [final.name for final in finals], [str(final.message) for final in finals]


async def whatever_prefect_says() -> str:
    """What its API gives of runs, their logs and their artifacts, as anybody reads it who reaches the UI."""
    async with get_client() as client:
        runs = await client.read_flow_runs(limit=200)
        logs = await client.read_logs(limit=200)
        artifacts = await client.read_artifacts(limit=200)
    return "\n".join(one.model_dump_json() for one in (*runs, *logs, *artifacts))


def in_files(*folders: Path) -> dict[str, bytes]:
    """Every file there."""
    return {str(file): file.read_bytes() for folder in folders for file in folder.rglob("*") if file.is_file()}


async def test_secrets_are_nowhere(here, home, prefect, monkeypatch, capfd):
    """With right credentials, with wrong ones, and with others in Blocks, which are encrypted at rest."""
    ended, message = await a_day_of_an_administrator()
    assert ended[2:4] == ["Completed"] * 2, message
    for name, value in WRONG.items():
        monkeypatch.setenv(name, value)
    refused, said_then = await a_day_of_an_administrator()
    assert refused[2:4] == ["Failed"] * 2, said_then
    await register()
    await MagentoCredentials(bearer_token=IN_BLOCKS["bearer_token"]).save(BLOCK_NAME, overwrite=True)
    await AcumaticaCredentials(username="a", password=IN_BLOCKS["password"]).save(BLOCK_NAME, overwrite=True)
    try:
        await price(return_state=True)
    finally:
        async with get_client() as client:
            for document in await client.read_block_documents():
                await client.delete_block_document(document.id)
    await APILogHandler.aflush()

    files = in_files(home, prefect)
    assert str(prefect / "prefect" / "prefect.db") in files
    assert str(prefect / "server.log") in files
    assert str(home / "state.sqlite") in files
    assert b"A2M_QUEUE__BATCH_COUNT" in files[str(home / "state.sqlite")] + files[str(home / "state.sqlite-wal")]
    current = capfd.readouterr()
    everything = {
        **files,
        "output": (current.out + current.err).encode(),
        "API": (await whatever_prefect_says()).encode(),
    }
    found = [(place, secret) for place, text in everything.items() for secret in SECRETS if secret.encode() in text]
    assert found == []
    assert not [one for one in (*message, *said_then) if any(secret in one for secret in SECRETS)]
