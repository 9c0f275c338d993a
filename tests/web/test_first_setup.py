"""From nothing to a green Overview, on pages alone."""

import re

import pytest
from support.isolation import present_worlds
from support.workspace import Site

from settings import all_settings


@pytest.fixture
def empty(tmp_path, monkeypatch, home):
    """A workspace without any setting, beside both simulators."""
    with present_worlds(tmp_path, monkeypatch) as make_world:
        here = make_world(5)
        for one in all_settings():
            monkeypatch.delenv(one.name, raising=False)
        site = Site(here.state)
        site.now = here.clock.now()
        site.world = here
        yield site


def save(site, section, **fields):
    """Fill in some fields of a section's page and save it."""
    page = f"/setup/{section}"
    version = re.search(r'name="version" value="(\d+)"', site.get(page).text)[1]
    secrets = {name: value for name, value in fields.items() if name in ("bearer_token", "password")}
    given = {"version": version, **{f"p.{name}": "1" for name in fields}}
    given |= {f"f.{name}": value for name, value in fields.items() if name not in secrets and value is not None}
    given |= {f"{kind}.{name}": value for name, value in secrets.items() for kind in ("s", "s2")}
    given |= {name: value for name, value in fields.items() if "." in name or name == "later"}
    return site.post(page, page, **given)


async def test_from_nothing_to_green(empty):
    """Connect both, see what there is, choose the warehouses, and the Overview has nothing that needs a person."""
    assert "Connect Acumatica and Magento" in empty.get("/").text
    world = empty.world
    shop = {"url": world.magento.url, "bearer_token": "sandbox-magento-token"}
    assert save(empty, "magento", **shop).status_code == 303
    site = {
        "url": world.acumatica.url,
        "username": "admin",
        "password": "sandbox",
        "time_zone": "America/New_York",
        "requests_per_minute": "100000",
    }
    refused = save(empty, "acumatica", **site)
    assert refused.status_code == 422
    assert "Save without inventory for now" in refused.text
    assert "Type Password again: no page holds a secret." in refused.text
    assert "sandbox" not in refused.text.partition('id="settings"')[2]
    assert f'value="{world.acumatica.url}"' in refused.text, "what was typed is still there"
    assert save(empty, "acumatica", **site, later="inventory").status_code == 303
    assert "Connect Acumatica" not in empty.get("/").text

    offered = empty.get("/setup/inventory/choices").text
    assert 'data-adds="inventory-warehouses-input" value="MAIN"' in offered
    checks = empty.post("/test-connection", "/setup").text
    assert "passed" in checks
    sources = {"f.sources.0.name": "MAIN", "f.sources.0.value": "default"}
    assert save(empty, "inventory", warehouses="MAIN", **{"sources": None, **sources}).status_code == 303
    assert save(empty, "active", price="on", inventory="on").status_code == 303

    settings = empty.workspace.here().settings
    assert settings.active.inventory
    for entity in ("price", "inventory"):
        outcome = await world.sync(entity, settings)
        assert outcome.fault is None
    empty.now = world.clock.now()
    text = empty.get("/").text
    assert "Nothing needs your attention." in text
    assert "5 changed, 5 sent" in text
