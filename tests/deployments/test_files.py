"""The files for work pools and containers name what there is."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from prefect.settings import Settings as PrefectSettings
from support.surroundings import of_the_test

from a2m import demo
from deployments.automate import automations
from deployments.catalogue import deployments
from deployments.serve import runner_of_all
from settings.housekeeping import Housekeeping

FOLDER = Path(__file__).resolve().parents[2] / "deployments"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A state folder of the test's own."""
    return of_the_test(tmp_path, monkeypatch)


async def test_prefect_yaml_has_what_serve_registers(home):
    """Every deployment with its entrypoint, tags and schedules, and the same rule about parameters."""
    served = {one.name: one for one in await deployments()}
    written = {one["name"]: one for one in yaml.safe_load((FOLDER / "prefect.yaml").read_text())["deployments"]}
    assert set(written) == set(served)
    for name, one in written.items():
        assert one["entrypoint"] == served[name].entrypoint
        assert one["tags"] == served[name].tags
        crons = [getattr(schedule.schedule, "cron", None) for schedule in served[name].schedules or []]
        assert [schedule["cron"] for schedule in one.get("schedules", [])] == crons
        assert one.get("enforce_parameter_schema", True) == served[name].enforce_parameter_schema


async def test_the_automation_starts_the_entities_again(home):
    """Its trigger names the tag that exactly the entities have."""
    (again,) = automations()
    (tag,) = re.findall(r"prefect\.tag\.([\w-]+)", again.model_dump_json())
    tagged = {one.name for one in await deployments() if tag in (one.tags or [])}
    assert tagged == {"price", "inventory", "customer", "order", "shipment"}


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
    monkeypatch.setenv("PREFECT_SERVER_EVENTS_RETENTION_PERIOD", demo.OWN_FILES)
    monkeypatch.setenv("PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD", demo.OWN_FILES)
    assert PrefectSettings().server.events.retention_period == timedelta(days=1)


def test_the_container_files():
    """Every package is copied into the image, the services are all there, and only loopback is published."""
    image = (FOLDER / "Dockerfile").read_text()
    packages = {file.parent.name for file in FOLDER.parent.glob("*/__init__.py")}
    assert set(re.findall(r"^COPY (\w+) \1$", image, re.MULTILINE)) == packages
    services = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]
    assert {"database", "prefect", "connector", "receiver", "worker"} == set(services)
    ports = [port for one in services.values() for port in one.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in ports)


async def test_the_next_run_of_every_entity_is_started_while_the_one_before_it_works(home):
    """`a2m serve` may have two runs of each entity at once, and runs by hand beside them."""
    every_minute = [
        one for one in await deployments() if any(str(each.schedule.cron) == "* * * * *" for each in one.schedules)
    ]
    assert len(every_minute) == 5
    assert runner_of_all().limit >= 2 * len(every_minute) + 1
