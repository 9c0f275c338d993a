"""Names that a setting needs are offered as both systems have them."""

from datetime import timedelta

import pytest
from support.isolation import present_worlds
from support.workspace import Site

from app.roles import Role
from settings import all_settings
from settings.kinds import Map, Table
from settings.offers import OFFERED
from web.fields import fields_of, list_id


@pytest.fixture
def connected_site(tmp_path, monkeypatch, home):
    """A workspace beside both simulators."""
    with present_worlds(tmp_path, monkeypatch) as make_world:
        here = make_world(3)
        site = Site(here.state)
        site.now = here.clock.now()
        site.world = here
        yield site


def test_every_list_belongs_to_a_setting(site):
    """Each is named by a setting, or by a text column of its table, that there is."""
    known = {(one.section, one.field): one for one in all_settings()}
    for (section, field, column), offer in OFFERED.items():
        assert isinstance(known[section, field].kind, Map | Table) == bool(column)
        (shown,) = (one for one in fields_of(section, site.workspace.here().settings, {}) if one.setting.field == field)
        assert list_id(offer) in ({one.name: one.offer for one in shown.columns}[column] if column else shown.offer)


def test_what_there_is(connected_site):
    """Warehouses and branches of Acumatica and sources of Magento; a list of names gets them as buttons."""
    page = connected_site.get("/setup/inventory").text
    assert 'hx-get="/setup/inventory/choices"' in page
    assert 'name="f.default_source" value=' in page
    text = connected_site.get("/setup/inventory/choices").text
    assert '<datalist id="offer-warehouses"><option value="EAST"></option><option value="MAIN">' in text
    assert '<option value="default"></option>' in text.partition('id="offer-sources"')[2]


def test_they_are_read_once(connected_site):
    """Both systems are asked again only after some minutes."""
    asked = []
    for wait in (0, 60, 600):
        connected_site.wait(timedelta(seconds=wait))
        connected_site.get("/setup/order/choices")
        asked.append(connected_site.world.site_state()["requests"])
    assert asked[0] == asked[1] < asked[2]


def test_a_system_that_does_not_answer(connected_site, monkeypatch):
    """What the other one has is offered all the same; why names are typed is said."""
    monkeypatch.setenv("A2M_MAGENTO__URL", "http://127.0.0.1:1")
    text = connected_site.get("/setup/inventory/choices").text
    assert 'id="offer-warehouses"' in text
    assert 'id="offer-sources"' not in text
    assert "Names are typed as they are." in text


def test_who_may_not_act_asks_nothing(connected_site):
    """A viewer's page asks neither system."""
    connected_site.add_user("victor", Role.VIEWER)
    connected_site.log_in("victor")
    assert connected_site.get("/setup/inventory/choices").text == ""
    assert "/choices" not in connected_site.get("/setup/inventory").text
