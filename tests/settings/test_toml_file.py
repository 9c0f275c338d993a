"""The settings file: what is written is read again as the same, and what somebody wrote into it stays."""

import stat
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings import SettingsError
from settings.toml_file import as_toml, read_settings_file, write_settings_file

BY_HAND = """\
# Ours. Ask Ann before you change anything.

[queue]
retry_count = 5  # the licence is small
batch_count = 50

[inventory]  # two warehouses
warehouses = [
    "MAIN",  # Boston
    "EAST",
]

[inventory.sources]
MAIN = "default"  # the old one
EAST = "east"

[[inventory.branches]]
branch = "A"
warehouses = ["MAIN"]
source = "default"
"""


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("A2M_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_a_new_file_has_its_sections_in_the_order_of_the_screen():
    """A table per section, a line per field, with a comment that says what it is."""
    text = as_toml({"queue": {"batch_count": 50, "retry_count": None}, "magento": {"url": "https://shop.example.com"}})
    assert text.splitlines()[1:] == [
        "",
        "[magento]",
        'url = "https://shop.example.com"',
        "",
        "[queue]",
        "batch_count = 50",
    ]
    assert text.startswith("# Setup Parameters, written by `a2m setup`;")


def test_comments_and_order_of_the_file_stay():
    """Only what changed is written anew: the rest keeps its place, its form and its comment."""
    values = tomllib.loads(BY_HAND)
    assert as_toml(values, BY_HAND) == BY_HAND
    values["queue"]["batch_count"] = 60
    values["inventory"]["sources"]["EAST"] = "west"
    values["price"] = {"rounding": 4}
    changed = as_toml(values, BY_HAND)
    assert tomllib.loads(changed) == values
    expected = BY_HAND.replace("batch_count = 50", "batch_count = 60").replace('EAST = "east"', 'EAST = "west"')
    assert changed == expected + "\n[price]\nrounding = 4\n"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sources", {"MAIN": "west"}),
        ("sources", {}),
        ("branches", []),
        ("branches", [{"branch": "B"}]),
        ("warehouses", []),
    ],
)
def test_a_list_or_map_of_any_form_is_replaced(field, value):
    """A map or a list of rows that somebody wrote as tables of their own may change, too."""
    values = tomllib.loads(BY_HAND)
    values["inventory"][field] = value
    assert tomllib.loads(as_toml(values, BY_HAND)) == values


@pytest.mark.parametrize("field", ["warehouses", "sources", "branches"])
def test_what_is_taken_out_is_gone(field):
    """A field that goes back to its default is not in the file any more."""
    values = tomllib.loads(BY_HAND)
    del values["inventory"][field]
    assert tomllib.loads(as_toml(values, BY_HAND)) == values


PLAIN = st.one_of(st.booleans(), st.integers(-(2**31), 2**31), st.floats(allow_nan=False, width=32), st.text())
VALUES = st.recursive(
    PLAIN, lambda one: st.one_of(st.lists(one, max_size=3), st.dictionaries(st.text(), one, max_size=3)), max_leaves=6
)
SECTIONS = st.dictionaries(
    st.sampled_from(["magento", "queue", "inventory"]), st.dictionaries(st.text(min_size=1), VALUES, max_size=4)
)


@given(SECTIONS, SECTIONS)
def test_whatever_is_written_is_read_again(first, second):
    """Any text, number, list and map comes back as it was, in a new file and over one that was there before."""
    text = as_toml(first)
    assert tomllib.loads(text) == {name: fields for name, fields in first.items() if fields}
    over = tomllib.loads(as_toml(second, text))
    assert {name: fields for name, fields in over.items() if fields} == {
        name: fields for name, fields in second.items() if fields
    }


def test_the_file_is_its_owners_and_stays_where_values_are_wrong(tmp_path):
    """Mode 0600, whatever it was before; a wrong value leaves the file as it was, and nothing beside it."""
    file = tmp_path / "settings.toml"
    file.write_text(BY_HAND)
    with pytest.raises(SettingsError, match="A2M_QUEUE__BATCH_COUNT"):
        write_settings_file(file, {"queue": {"batch_count": 5000}}, {})
    assert file.read_text() == BY_HAND
    write_settings_file(file, {"queue": {"batch_count": 60}, "inventory": {"warehouses": ["MAIN"]}}, {})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "# Ours. Ask Ann before you change anything." in file.read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["settings.toml"]


def test_a_former_name_is_written_as_the_new_one(tmp_path):
    """A file of the last version has the new names once it is saved."""
    file = tmp_path / "settings.toml"
    file.write_text("[queue]\nfull_look_every = 12.0\n")
    write_settings_file(file, read_settings_file(file), {})
    assert file.read_text() == "[queue]\nfull_sync_interval = 12.0\n"
