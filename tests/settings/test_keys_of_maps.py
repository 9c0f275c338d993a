"""A key of a map that matches nothing is refused, with the name that is meant."""

from typing import Any

import pytest

from settings import SettingsError, load_settings
from settings.keys import nearest_of


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("A2M_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("section", "fields", "words"),
    [
        ("inventory", {"warehouses": ["MAIN"], "sources": {"main": "east"}}, "main is not .* mean MAIN"),
        ("inventory", {"warehouses": ["MAIN"], "sources": {"MIAN": "east"}}, "MIAN is not .* mean MAIN"),
        (
            "inventory",
            {"warehouses": ["MAIN", "EAST"], "sources": {"MAIN": "a", "EATS": "b"}},
            "A2M_INVENTORY__SOURCES = .*EATS is not a chosen warehouse. Did you mean EAST",
        ),
        (
            "inventory",
            {"warehouses": ["MAIN"], "sources": {"MAIN": "a", "Main": "b"}},
            "MAIN and Main are the same name",
        ),
        ("inventory", {"warehouses": ["MAIN", "main"]}, "occurs twice"),
        ("customer", {"classes": ["WHOLESALE"], "groups": {"WHOLESAEL": "General"}}, "customer class.*WHOLESALE"),
        ("order", {"statuses": {"Opne": "processing"}}, "A2M_ORDER__STATUSES.*Opne is not .*mean Open"),
        ("order", {"statuses": {"on hold": "holded"}}, "on hold is not .*mean On Hold"),
        (
            "shipment",
            {"ship_vias": {name: {"carrier_code": "ups", "title": "UPS"} for name in ("UPS", "ups")}},
            "UPS and ups are the same name",
        ),
    ],
)
def test_a_key_that_means_another_name_is_refused_with_it(section: str, fields: dict[str, Any], words: str) -> None:
    """The field, the key and the name that is meant are said, before anything is read or sent."""
    with pytest.raises(SettingsError, match=words):
        load_settings(**{section: fields})


@pytest.mark.parametrize(
    ("section", "fields"),
    [
        ("inventory", {"warehouses": ["MAIN"], "sources": {"MAIN": "a", "EAST": "b", "MIAN": "c"}}),
        ("inventory", {"sources": {"MAIN": "a"}}),
        (
            "inventory",
            {
                "definition": "branch_wise",
                "warehouses": ["MAIN"],
                "sources": {"MIAN": "a"},
                "branches": [{"branch": "A", "warehouses": ["MAIN"], "source": "a"}],
            },
        ),
        ("customer", {"classes": ["WHOLESALE"], "groups": {"wholesale": "General", "RETAIL": "General"}}),
        ("order", {"statuses": {"Open": "processing", "Ready for Pickup": "processing"}}),
    ],
)
def test_what_may_name_something_is_left_to_the_systems(section: str, fields: dict[str, Any]) -> None:
    """A name that is not chosen now, or a status of a site's own workflow, is not a typing error."""
    taken = getattr(load_settings(**{section: fields}), section)
    assert taken.model_fields_set >= fields.keys()


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("main", ["EAST", "MAIN"], "MAIN"),
        ("MIAN", ["MAIN"], "MAIN"),
        ("MAN", ["MAIN"], "MAIN"),
        ("MAINE", ["MAIN"], "MAIN"),
        ("MAIL", ["MAIN"], "MAIN"),
        ("EAST", ["WEST"], None),
        ("NM", ["MN"], None),
    ],
)
def test_one_typing_error_is_near(name: str, known: list[str], meant: str | None) -> None:
    """A letter too many, too few, another one or two that changed places; short codes are told apart."""
    assert nearest_of(name, known) == meant
