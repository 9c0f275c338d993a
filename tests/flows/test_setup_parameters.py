"""The deployment Setup Parameters: what is refused, what is saved, and what the form shows."""

import json

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter

from app.effective_settings import effective_settings
from connector.state.engine import open_state
from connector.state.operator import saved_settings
from flows.price import price
from flows.setup_parameters import setup_parameters
from settings import as_form, load_settings

pytestmark = pytest.mark.usefixtures("prefect")


@pytest.fixture
def state(home):
    """The state database that the flows use."""
    opened = open_state(f"sqlite:///{home / 'state.sqlite'}")
    yield opened
    opened.close()


def filled(**sections):
    """The form as the UI sends it: everything that is in force, with these changes."""
    with effective_settings() as now:
        values = as_form(now.settings)
    for section, fields in sections.items():
        values[section] |= fields
    return values


async def save(changed_by="Ann", **sections):
    """Fill in the form and start its deployment."""
    return await setup_parameters(filled(**sections), changed_by, return_state=True)


def versions(state):
    """What was saved, the newest first."""
    with state.read() as connection:
        return saved_settings.history(connection)


async def test_what_is_saved_counts_for_the_next_run(home, state, make_world, monkeypatch):
    """Accepted values are a version with who and when; the next sync uses them, without a restart."""
    monkeypatch.delenv("A2M_QUEUE__CHECK_PROCESS_TIME")
    monkeypatch.delenv("A2M_QUEUE__PROCESS_SLEEP_TIME")
    here = make_world(30)
    sections = {
        "queue": {"batch_count": 7, "check_process_time": 1, "process_sleep_time": 1},
        "order": {"statuses": [row("Open", "new")]},
    }
    final = await save(**sections)
    assert (final.name, final.type.value) == ("Completed", "COMPLETED")
    assert final.message.startswith("Version 1: Batch Count (A2M_QUEUE__BATCH_COUNT) 100 → 7, Check Process Time")
    assert (await price(return_state=True)).message == "30 changed, 30 sent in 5 requests"
    assert [len(write["keys"]) for write in here.writes()] == [7, 7, 7, 7, 2]
    (version,) = versions(state)
    assert version.saved_by == "Ann"
    assert version.values["queue"] == {"batch_count": 7, "check_process_time": 1, "process_sleep_time": 1}
    assert version.values["order"]["statuses"] == {"Open": "new"}

    final = await save("Bob", queue={"batch_count": 100})
    assert final.message.startswith("Version 2: Batch Count (A2M_QUEUE__BATCH_COUNT) 7 → 100.")
    assert "batch_count" not in versions(state)[0].values["queue"]
    of_this_run = ArtifactFilter(flow_run_id={"any_": [final.state_details.flow_run_id]})
    async with get_client() as client:
        (table,) = await client.read_artifacts(artifact_filter=of_this_run)
    assert [(row["version"], row["who"]) for row in json.loads(table.data)] == [(2, "Bob"), (1, "Ann")]


def row(name, value):
    """A row of a map, as the form has it."""
    return {"name": name, "value": value}


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        (
            {"queue": {"batch_count": 5000}},
            ["Batch Count (A2M_QUEUE__BATCH_COUNT) = 5000", "it must be a whole number, 1 to 1,000"],
        ),
        ({"queue": {"process_sleep_time": 51}}, ["A2M_QUEUE__PROCESS_SLEEP_TIME", "Check Process Time"]),
        ({"queue": {"threshold_count": 12}}, ["(A2M_QUEUE__THRESHOLD_COUNT) = 12", "fixed by the environment"]),
        ({"price": {"source": "Some Price"}}, ["(A2M_PRICE__SOURCE) = 'Some Price'", "Default Price, Sales Price"]),
        ({"order": {"types": ["QT"]}}, ["A2M_ORDER__TYPES", "QT is a quote"]),
        ({"customer": {"groups": [row("A", "x"), row("A", "y")]}}, ["A2M_CUSTOMER__GROUPS", "A occurs twice"]),
        ({"customer": {"groups": [{"value": "x"}]}}, ["A2M_CUSTOMER__GROUPS", "needs its first column"]),
        ({"magento": {"bearer_token": "tok-1"}}, ["Bearer Token (A2M_MAGENTO__BEARER_TOKEN) is a secret"]),
        ({"magento": {"url": "http://shop.example.com"}}, ["A2M_MAGENTO__URL", "http is only for this machine"]),
    ],
)
async def test_what_is_refused(home, state, monkeypatch, sections, words):
    """A refused value fails the run with field, value and rule, and nothing is saved; no secret is shown."""
    monkeypatch.setenv("A2M_QUEUE__THRESHOLD_COUNT", "11")
    for name in ("CHECK_PROCESS_TIME", "PROCESS_SLEEP_TIME"):
        monkeypatch.delenv(f"A2M_QUEUE__{name}")
    final = await save(**sections)
    assert (final.name, final.type.value) == ("Failed", "FAILED")
    assert final.message.startswith("Nothing was changed.")
    assert all(word in final.message for word in words), final.message
    assert "tok-1" not in final.message
    assert versions(state) == []


async def test_the_form_as_it_is(home, state):
    """Started without a change, it saves nothing and says so; a field that is left empty is its default."""
    values = filled()
    values["order"]["from"] = None
    values["acumatica"]["branch"] = None
    final = await setup_parameters(values, return_state=True)
    assert (final.name, final.type.value) == ("NothingChanged", "COMPLETED")
    assert versions(state) == []


async def test_a_field_that_is_emptied(home, state):
    """Prefect's UI sends nothing for it: what is missing in a group and may be empty, is empty; all else stays."""
    assert (await save(acumatica={"branch": "NORTH", "page_size": 500})).name == "Completed"
    values = filled()
    del values["acumatica"]["branch"], values["acumatica"]["page_size"]
    final = await setup_parameters(values, return_state=True)
    assert final.message.startswith("Version 2: Branch (A2M_ACUMATICA__BRANCH) 'NORTH' → ''.")
    assert versions(state)[0].values == {"acumatica": {"page_size": 500}}


async def test_every_field_survives_the_form(home, state):
    """What the form shows of any settings means the same settings when it is sent back."""
    sections = {
        "inventory": {
            "definition": "Branch-wise",
            "safety": 1.5,
            "branches": [{"branch": "A", "warehouses": ["W"], "source": "s", "include_vendor_inventory": True}],
        },
        "shipment": {
            "from": "2026-01-02T03:04:05Z",
            "ship_vias": [{"name": "GROUND", "carrier_code": "ups", "title": "UPS"}],
        },
        "price": {"tax_included": "Without tax"},
        "order": {"states": [{"name": "at_the_printer", "value": "processing"}]},
    }
    assert (await save(**sections)).type.value == "COMPLETED"
    (version,) = versions(state)
    settings = load_settings(saved=version.values)
    assert settings.price.tax_included is False
    assert settings.shipment.ship_vias["GROUND"].title == "UPS"
    assert settings.inventory.branches[0].warehouses == ("W",)
    assert (await save()).name == "NothingChanged"
