"""A setting is declared once, and everything that shows, reads or writes settings knows it from that."""

import json
import os
import shutil
import subprocess
import sys
from decimal import Decimal
from typing import Literal

import pytest
from support.project import ROOT

from settings.declare import Bounds, setting
from settings.kinds import Choice, Instant, ListOf, Map, Number, Secret, Table, Text, YesNo
from settings.section import Section
from settings.settings import all_settings

SECTION = '''
from typing import Literal

from settings.declare import Bounds, setting
from settings.section import Section


class Weight(Section, title="Weight Sync Preferences"):
    """The weights."""

    unit: Literal["kg", "lb"] = setting("kg", "The unit of weights.", choices={"kg": "Kilogram", "lb": "Pound"})
    decimals: int = setting(3, "How many decimals weights have.", label="Places", unit="decimals", ge=0, le=6)
    attributes: dict[str, str] = setting({}, "What goes where.", columns=("Item attribute", "Product attribute"))
'''
EXERCISE = """
import json
from settings import all_settings, as_form, as_on_the_screen, form, from_form, load_settings, to_save
from settings.reference import as_markdown
from settings.toml_file import as_toml

settings = load_settings()
group = form().model_fields["weight"]
filled = as_form(settings)
filled["weight"] |= {"decimals": 2, "attributes": [{"name": "A", "value": "b"}]}
print(json.dumps({
    "read": [settings.weight.unit, settings.weight.decimals],
    "group": group.title,
    "fields": {name: field.title for name, field in group.annotation.model_fields.items()},
    "help": group.annotation.model_fields["decimals"].description,
    "form": as_form(settings)["weight"],
    "saved": to_save(from_form(filled), {}),
    "toml": as_toml({"weight": {"decimals": 2}}),
    "message": as_on_the_screen("A2M_WEIGHT__DECIMALS = 7"),
    "page": [line for line in as_markdown().splitlines() if "WEIGHT" in line or "Weight" in line],
}))
"""


@pytest.fixture
def with_weights(tmp_path):
    """A copy of the settings with one more section: its file, and its line in `Settings`; run a script or command."""
    shutil.copytree(ROOT / "settings", tmp_path / "settings", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "settings" / "weight.py").write_text(SECTION)
    whole = tmp_path / "settings" / "settings.py"
    text = whole.read_text()
    text = text.replace(
        "from settings.vendor_inventory", "from settings.weight import Weight\nfrom settings.vendor_inventory"
    )
    whole.write_text(text.replace("    database: ", "    weight: Weight = Weight()\n    database: "))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("A2M_")}
    environment |= {"A2M_HOME": str(tmp_path / "home"), "A2M_WEIGHT__UNIT": "lb"}

    def run(*arguments, answers=""):
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=environment | {"PYTHONPATH": f"{tmp_path}:{ROOT}"},
            input=answers,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_a_new_setting_is_one_line_of_its_section(with_weights):
    """Environment, form, saved values, settings file, messages and the reference page know it from that line."""
    found = json.loads(with_weights("-c", EXERCISE))
    assert found["read"] == ["lb", 3]
    assert found["group"] == "Weight Sync Preferences"
    assert found["fields"] == {"unit": "Unit", "decimals": "Places", "attributes": "Attributes"}
    assert found["help"] == "How many decimals weights have. (decimals, 0 to 6)"
    assert found["form"] == {"unit": "Pound", "decimals": 3, "attributes": []}
    assert found["saved"] == {"weight": {"decimals": 2, "attributes": {"A": "b"}}}
    assert found["toml"].endswith("\n[weight]\ndecimals = 2\n")
    assert found["message"] == "Places (A2M_WEIGHT__DECIMALS) = 7"
    assert found["page"][:2] == [
        "## Weight Sync Preferences",
        "| `A2M_WEIGHT__UNIT` | Unit | `kg` Kilogram · `lb` Pound | `kg` | The unit of weights. |",
    ]


def test_a2m_setup_asks_for_it(with_weights):
    """The command line asks for a new setting by its label, and reads the answer as its kind is written."""
    command = "import typer; from a2m.setup import add_to; app = typer.Typer(); add_to(app); app(['weight'])"
    asked = with_weights("-c", command, answers="2\nA=b\n")
    assert "Weight Sync Preferences" in asked
    assert "Unit: fixed by the environment" in asked
    assert "Places [3]:" in asked
    saved = json.loads(
        with_weights("-c", "import json, settings; print(settings.load_settings().weight.model_dump_json())")
    )
    assert saved == {"unit": "lb", "decimals": 2, "attributes": {"A": "b"}}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("A2M_MAGENTO__BEARER_TOKEN", Secret),
        ("A2M_QUEUE__SELF_TUNING", YesNo),
        ("A2M_QUEUE__BATCH_COUNT", Number),
        ("A2M_INVENTORY__SAFETY", Number),
        ("A2M_MAGENTO__URL", Text),
        ("A2M_INVENTORY__DEFAULT_SOURCE", Text),
        ("A2M_ORDER__FROM", Instant),
        ("A2M_INVENTORY__RESERVATIONS_CLEARED", Instant),
        ("A2M_ITEMS__UNIT", Choice),
        ("A2M_PRICE__TAX_INCLUDED", Choice),
        ("A2M_ITEMS__CLASSES", ListOf),
        ("A2M_INVENTORY__AVAILABLE_DEDUCTS", ListOf),
        ("A2M_INVENTORY__BRANCHES", Table),
        ("A2M_INVENTORY__SOURCES", Map),
        ("A2M_SHIPMENT__SHIP_VIAS", Map),
    ],
)
def test_the_kind_of_a_setting_is_that_of_its_type(name, kind):
    """What may be empty and what is checked besides is of the same kind."""
    (found,) = (one for one in all_settings() if one.name == name)
    assert isinstance(found.kind, kind)
    assert name != "A2M_INVENTORY__SAFETY" or found.kind == Number(Decimal)


def test_a_choice_without_a_label_is_refused_as_it_is_written():
    """Every value has its label, and no label is without a value."""
    with pytest.raises(TypeError, match=r"Wrong\.color: it needs a label for each"):

        class Wrong(Section):
            color: Literal["red", "blue"] = setting("red", "The color.", choices={"red": "Red"})


@pytest.mark.parametrize("columns", [(), ("Key",), ("Key", "Value", "More")])
def test_a_map_without_its_headings_is_refused_as_it_is_written(columns):
    """A map is shown as a table, which needs a heading for each column."""
    with pytest.raises(TypeError, match=r"Wrong\.names: a map of .* needs a heading"):

        class Wrong(Section):
            names: dict[str, str] = setting({}, "The names.", columns=columns)


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({}, ""),
        ({"ge": 1}, "at least 1"),
        ({"gt": 0}, "more than 0"),
        ({"le": 5_000}, "at most 5,000"),
        ({"lt": 7}, "less than 7"),
        ({"ge": 1, "le": 59}, "1 to 59"),
        ({"gt": 0, "lt": 7}, "more than 0 to less than 7"),
        ({"min_length": 1}, ""),
    ],
)
def test_bounds_are_described(bounds, words):
    """What a number has to keep to is said as people say it."""
    assert str(Bounds(bounds)) == words
