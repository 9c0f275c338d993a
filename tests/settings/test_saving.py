"""Settings saved from the Prefect UI: their place among the others, and what is refused before anything is saved."""

import json
import os

import pytest

from settings import SettingsError, load_settings, to_save, where_from


@pytest.fixture(autouse=True)
def _empty_place(tmp_path, monkeypatch):
    for name in os.environ:
        if name.upper().startswith("A2M_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("A2M_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()


def write_file(tmp_path, text):
    """Put a settings file into the state folder."""
    (tmp_path / "home" / "settings.toml").write_text(text)


def test_saved_values_stand_between_env_and_file(monkeypatch, tmp_path):
    """Environment before .env before saved before the settings file before the default."""
    write_file(tmp_path, "[queue]\nbatch_count = 1\nthreshold_count = 2\nretry_count = 3\ncheck_process_time = 40\n")
    (tmp_path / ".env").write_text("A2M_QUEUE__THRESHOLD_COUNT=12\n")
    monkeypatch.setenv("A2M_QUEUE__BATCH_COUNT", "21")
    saved = {"queue": {"batch_count": 31, "threshold_count": 32, "retry_count": 33}}
    queue = load_settings(saved=saved).queue
    counts = (queue.batch_count, queue.threshold_count, queue.retry_count, queue.check_process_time)
    assert counts == (21, 12, 33, 40)
    names = ("batch_count", "threshold_count", "retry_count", "check_process_time", "process_sleep_time")
    places = [where_from("queue", name, saved) for name in names]
    assert places == ["environment", ".env", "UI", "settings file", "default"]


def test_a_map_is_taken_as_a_whole(tmp_path):
    """A row that was taken out of a map in the UI does not come back from the settings file."""
    write_file(tmp_path, '[inventory.sources]\nMAIN = "default"\nEAST = "east"\n')
    assert load_settings(saved={"inventory": {"sources": {"MAIN": "west"}}}).inventory.sources == {"MAIN": "west"}
    assert load_settings().inventory.sources == {"MAIN": "default", "EAST": "east"}


def test_a_wrong_saved_value_is_refused_with_its_value():
    """What the database holds is held to the same rules as any other value."""
    with pytest.raises(SettingsError, match=r"A2M_QUEUE__BATCH_COUNT = 0: it must be a whole number, 1 to 1,000"):
        load_settings(saved={"queue": {"batch_count": 0}})


def test_only_what_differs_is_saved(tmp_path):
    """What the settings file or the default says anyway is not saved; what is not asked for stays."""
    write_file(tmp_path, "[queue]\nretry_count = 7\n")
    wanted = {"queue": {"retry_count": 7, "batch_count": 100, "threshold_count": 5}, "order": {"types": ["SO"]}}
    saved = to_save(wanted, {"price": {"rounding": 4}})
    assert saved == {"price": {"rounding": 4}, "queue": {"threshold_count": 5}, "order": {"types": ["SO"]}}
    assert json.loads(json.dumps(saved)) == saved
    assert to_save({"price": {"rounding": 2}}, {"price": {"rounding": 4}}) == {}


@pytest.mark.parametrize("place", ["environment", ".env"])
def test_a_field_that_is_fixed_above_is_refused_by_name(monkeypatch, tmp_path, place):
    """Another value for it is refused; the same value is accepted, and not saved."""
    if place == "environment":
        monkeypatch.setenv("A2M_QUEUE__BATCH_COUNT", "50")
    else:
        (tmp_path / ".env").write_text("A2M_QUEUE__BATCH_COUNT=50\n")
    with pytest.raises(SettingsError) as refused:
        to_save({"queue": {"batch_count": 51}}, {})
    assert str(refused.value) == (
        f"A2M_QUEUE__BATCH_COUNT = 51: it is fixed by the {place}, which says 50; change it there."
    )
    assert to_save({"queue": {"batch_count": 50}}, {}) == {}


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"queue": {"batch_count": 1001}}, ["A2M_QUEUE__BATCH_COUNT = 1001", "it must be a whole number, 1 to 1,000"]),
        ({"queue": {"process_sleep_time": 55}}, ["A2M_QUEUE__PROCESS_SLEEP_TIME = 55", "Check Process Time (50)"]),
        ({"queue": {"bach_count": 1}}, ["A2M_QUEUE__BACH_COUNT is not a setting", "A2M_QUEUE__BATCH_COUNT?"]),
        ({"order": {"types": ["SO", "QT"]}}, ["A2M_ORDER__TYPES", "QT is a quote"]),
        ({"magento": {"bearer_token": "tok-1"}}, ["A2M_MAGENTO__BEARER_TOKEN is a secret", "Block"]),
        ({"acumatica": {"password": "tok-1"}}, ["A2M_ACUMATICA__PASSWORD is a secret"]),
    ],
)
def test_what_is_refused(wanted, words):
    """Wrong values, rules between fields, unknown names and secrets are refused by name; no secret is repeated."""
    with pytest.raises(SettingsError) as refused:
        to_save(wanted, {})
    assert all(word in str(refused.value) for word in words), refused.value
    assert "tok-1" not in str(refused.value)


def test_rules_between_sections_hold_with_what_was_saved_before():
    """A source that a warehouse has already is refused for the vendors' quantity."""
    before = {"inventory": {"warehouses": ["MAIN"]}}
    wanted = {"vendor_inventory": {"include": "separate", "inquiry": "Vendors", "source": "default"}}
    with pytest.raises(SettingsError, match="is the source of a warehouse already"):
        to_save(wanted, before)


def test_instants_and_decimals_are_kept_as_json():
    """What is saved can be read back from JSON as the same value."""
    wanted = {"order": {"from": "2026-01-01T00:00:00+02:00"}, "inventory": {"safety": "1.50"}}
    saved = json.loads(json.dumps(to_save(wanted, {})))
    settings = load_settings(saved=saved)
    assert settings.order.from_ is not None
    assert settings.order.from_.isoformat() == "2025-12-31T22:00:00+00:00"
    assert str(settings.inventory.safety) == "1.50"
