"""The files for work pools and containers name what there is."""

import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import yaml
from prefect.settings import Settings as PrefectSettings
from support.isolation import isolated_home

from a2m import demo
from app.deployment_names import deployment_name, entity_of
from deployments.automate import automations
from deployments.catalogue import BY_HAND, ENTITY_FLOWS, deployments
from deployments.serve import RUNS_AT_ONCE
from entities.names import NAMES
from flows.administer import full_sync
from flows.artifacts import NEEDS_ATTENTION
from flows.housekeeping import housekeeping
from flows.setup_parameters import setup_parameters
from flows.watch import watch
from settings.housekeeping import Housekeeping

FOLDER = Path(__file__).resolve().parents[2] / "deployments"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A state folder of the test's own."""
    return isolated_home(tmp_path, monkeypatch)


async def test_prefect_yaml_has_what_serve_registers(home):
    """Every deployment with its entrypoint, tags, schedules and queue, and the same rule about parameters."""
    served = {one.name: one for one in await deployments()}
    written = {one["name"]: one for one in yaml.safe_load((FOLDER / "prefect.yaml").read_text())["deployments"]}
    assert set(written) == set(served)
    for name, one in written.items():
        assert one["entrypoint"] == served[name].entrypoint
        assert one["tags"] == served[name].tags
        crons = [getattr(schedule.schedule, "cron", None) for schedule in served[name].schedules or []]
        assert [schedule["cron"] for schedule in one.get("schedules", [])] == crons
        assert one.get("enforce_parameter_schema", True) == served[name].enforce_parameter_schema
        assert one["work_pool"].get("work_queue_name") == served[name].work_queue_name


async def test_the_entities_come_first(home):
    """Prefect lists deployments by name, ten on a page, as its database compares letters: by code, or as people do."""
    names = [one.name for one in await deployments()]
    for ordered in (sorted(names), sorted(names, key=lambda one: re.sub(r"\W", "", one).casefold())):
        assert {entity_of(one) for one in ordered[: len(NAMES)]} == set(NAMES)


async def test_the_automations_act_on_runs_of_the_entities(home):
    """Their triggers name the tag that exactly the entities have. A run is started again in exactly two states, and not
    where it needs a person: then somebody is told through each Block of the setting Notifications.
    """
    blocks = [UUID(int=1), UUID(int=2)]
    told, again = automations(blocks)
    for one in (told, again):
        (tag,) = re.findall(r"prefect\.tag\.([\w-]+)", one.model_dump_json())
        tagged = {one.name for one in await deployments() if tag in (one.tags or [])}
        assert tagged == {deployment_name(entity) for entity in NAMES}
    assert again.trigger.expect == {"prefect.flow-run.Failed", "prefect.flow-run.Crashed"}
    assert [action.type for action in again.actions] == ["run-deployment"]
    assert told.trigger.expect == {f"prefect.flow-run.{NEEDS_ATTENTION}"}
    assert [(action.type, action.block_document_id) for action in told.actions] == [
        ("send-notification", block) for block in blocks
    ]
    assert [action.type for action in automations()[0].actions] == ["do-nothing"]


async def test_no_flow_is_retried_by_prefect(home):
    """A retry of Prefect's acts on every failed state, also on one that needs a person."""
    flows = [*ENTITY_FLOWS, *BY_HAND, full_sync, housekeeping, setup_parameters, watch]
    assert {one.name for one in flows} == {entity_of(one.name) for one in await deployments()}
    assert {one.retries or 0 for one in flows} == {0}


def test_the_servers_of_ours_forget_what_is_old(monkeypatch):
    """Prefect takes the values for its own cleaning, in the compose file and in the demo: runs as long as we keep them,
    events no longer.
    """
    service = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]["prefect"]["environment"]
    for name, value in service.items():
        if "VACUUM" in name or "RETENTION" in name:
            monkeypatch.setenv(name, str(value))
    server = PrefectSettings().server
    assert {"events", "flow_runs"} <= server.services.db_vacuum.enabled_vacuum_types
    assert server.services.db_vacuum.retention_period == timedelta(days=Housekeeping().runs)
    assert server.events.retention_period <= timedelta(days=Housekeeping().runs)
    monkeypatch.setenv("PREFECT_SERVER_EVENTS_RETENTION_PERIOD", demo.PREFECT_RETENTION)
    monkeypatch.setenv("PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD", demo.PREFECT_RETENTION)
    assert PrefectSettings().server.events.retention_period == timedelta(days=1)


async def test_the_next_run_of_every_entity_is_started_while_the_one_before_it_works(home):
    """`a2m serve` may have two runs of each entity at once, and runs by hand beside them."""
    every_minute = [
        one for one in await deployments() if any(str(each.schedule.cron) == "* * * * *" for each in one.schedules)
    ]
    assert len(every_minute) == 5
    assert 2 * len(every_minute) + 1 <= RUNS_AT_ONCE


async def test_a_description_is_what_a_flow_does(home):
    """The page of a deployment has no list of arguments, which its form explains field by field."""
    made = {one.name: one for one in await deployments()}
    assert made["A to M: price"].description == "Send Magento every price that it does not show yet."
    assert all(one.description and "Args:" not in one.description for one in made.values())
    fields = made["A to M: price"]._parameter_openapi_schema.properties
    assert fields["key"]["description"] == "Only this item: its SKU, or its Acumatica inventory id."
