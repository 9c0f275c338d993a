"""Setup Parameters: where values come from, and what is said of wrong ones."""

import pytest

from settings import SettingsError, all_settings, from_form, load_settings, to_save, where_from
from settings.former import _warn


@pytest.fixture(autouse=True)
def _empty_place(tmp_path, monkeypatch):
    import os

    for name in os.environ:
        if name.upper().startswith("A2M_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("A2M_HOME", str(tmp_path / "home"))


def refusal(monkeypatch, **values: str) -> str:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return str(caught.value)


def test_defaults_are_those_of_the_spec():
    """With nothing set, the queue has the defaults that the spec names."""
    queue = load_settings().queue
    assert (queue.threshold_count, queue.batch_count, queue.retry_count) == (25, 100, 3)
    assert (queue.check_process_time, queue.process_sleep_time) == (50, 5)


@pytest.mark.parametrize("good", ["1", "59"])
def test_check_process_time_takes_1_to_59(monkeypatch, good):
    """Check Process Time takes 1 and 59."""
    monkeypatch.setenv("A2M_QUEUE__CHECK_PROCESS_TIME", good)
    monkeypatch.setenv("A2M_QUEUE__PROCESS_SLEEP_TIME", "1")
    assert load_settings().queue.check_process_time == int(good)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("A2M_QUEUE__CHECK_PROCESS_TIME", "0", "it must be a whole number, 1 to 59."),
        ("A2M_QUEUE__CHECK_PROCESS_TIME", "60", "it must be a whole number, 1 to 59."),
        ("A2M_QUEUE__PROCESS_SLEEP_TIME", "0", "it must be a whole number, at least 1."),
        ("A2M_QUEUE__PROCESS_SLEEP_TIME", "51", "more than Check Process Time (50)"),
        ("A2M_QUEUE__BATCH_COUNT", "0", "it must be a whole number, 1 to 1,000."),
        ("A2M_QUEUE__BATCH_COUNT", "1001", "it must be a whole number, 1 to 1,000."),
        ("A2M_QUEUE__THRESHOLD_COUNT", "-1", "it must be a whole number, 0 to 1,000,000."),
        ("A2M_QUEUE__RETRY_COUNT", "0", "it must be a whole number, 1 to 100."),
        ("A2M_QUEUE__RETRY_COUNT", "many", "it must be a whole number, 1 to 100."),
        ("A2M_MAGENTO__TIMEOUT", "0", "it must be a number, more than 0 to 3,600."),
        ("A2M_ORDER__STORE_ID", "one", "it must be a whole number, at least 1."),
        ("A2M_PRICE__NON_STOCK", "maybe", "it must be true or false."),
        ("A2M_PRICE__SOURCE", "list", "it must be one of default_price, sales_price."),
        ("A2M_MAGENTO__STORE_CODE", "a b", "it must match pattern"),
        ("A2M_INVENTORY__WAREHOUSES", '{"MAIN":1}', 'it must be a list such as ["MAIN","EAST"].'),
        ("A2M_INVENTORY__WAREHOUSES", "[1]", "it must be a text."),
        ("A2M_INVENTORY__SOURCES", '["MAIN"]', 'it must be a map such as {"MAIN":"default"}.'),
        ("A2M_INVENTORY__BRANCHES", '{"NORTH":1}', "it must be a list of rows, each a map of its fields."),
        ("A2M_INVENTORY__BRANCHES", '[{"branch":"NORTH"}]', "it is missing."),
        ("A2M_MAGENTO__URL", "http://erp.example.com", "or set A2M_MAGENTO__ALLOW_HTTP to true"),
        ("A2M_MAGENTO__URL", "http://shop.example.com", "http is only for this machine"),
        ("A2M_MAGENTO__URL", "shop.example.com", "it must be a URL"),
        ("A2M_MAGENTO__URL", "https://user:pw@shop.example.com", "must not contain a user name"),
        ("A2M_INVENTORY__WAREHOUSES", "MAIN", "it must be JSON"),
        ("A2M_INVENTORY__WAREHOUSES", '["MAIN","MAIN"]', "MAIN occurs twice"),
        ("A2M_ORDER__TYPES", '["SO","QT"]', "QT is a quote"),
        ("A2M_ACUMATICA__TIME_ZONE", "Mars/Base", "IANA time zone"),
        ("A2M_ITEMS__STATUSES", '["Alive"]', "Alive is not an item status"),
        ("A2M_ITEMS__SKU", "alternate:", "alternate:TYPE"),
        ("A2M_PRICE__CURRENCY", "Euro", "the three letters of a currency, such as USD"),
        ("A2M_SHIPMENT__FROM", "2026-01-01T00:00:00", "a date and a time with its zone, such as"),
        ("A2M_ORDER__FROM", "30.11.2026", "a date and a time with its zone, such as"),
    ],
)
def test_a_wrong_value_names_the_field_the_value_and_the_rule(monkeypatch, name, value, words):
    """A wrong value is refused with the field's name, the value and the rule."""
    message = refusal(monkeypatch, **{name: value})
    assert name in message
    assert value in message
    assert words in message


@pytest.mark.parametrize(
    ("name", "value", "stands_for"),
    [
        ("A2M_ITEMS__SKU", "Alternate: Global ", "alternate:Global"),
        ("A2M_ITEMS__SKU", "Inventory_ID", "inventory_id"),
        ("A2M_ITEMS__STATUSES", '["active "]', ("Active",)),
        ("A2M_PRICE__CURRENCY", " usd", "USD"),
    ],
)
def test_letter_case_and_blanks_of_what_acumatica_knows_by_name_change_nothing(monkeypatch, name, value, stands_for):
    """A value is understood as people type it."""
    monkeypatch.setenv(name, value)
    section, field = name.removeprefix("A2M_").lower().split("__")
    assert getattr(getattr(load_settings(), section), field) == stands_for


def test_two_different_bearer_tokens_are_refused_without_being_shown(monkeypatch):
    """Confirm Bearer Token that differs is refused, and neither token is shown."""
    message = refusal(monkeypatch, A2M_MAGENTO__BEARER_TOKEN="tok-one", A2M_MAGENTO__CONFIRM_BEARER_TOKEN="tok-two")
    assert "differ" in message
    assert "tok-" not in message


@pytest.mark.parametrize("odd", ["\n", " ", "\u200b", "\x7f"])
def test_a_bearer_token_that_is_none_is_refused_without_being_shown(monkeypatch, odd):
    """A token with a line break inside fits no header, and the error of each request would repeat it."""
    message = refusal(monkeypatch, A2M_MAGENTO__BEARER_TOKEN=f"tok-one{odd}tok-two")
    assert "bearer_token" in message.lower() and "copy it again" in message
    assert "tok-" not in message


def test_a_misspelled_name_is_refused_with_the_nearest_one(monkeypatch):
    """A setting that does not exist is not ignored."""
    assert "A2M_QUEUE__BATCH_COUNT?" in refusal(monkeypatch, A2M_QUEUE__BATCH_CONT="5")


def test_three_of_four_oauth_credentials_are_refused(monkeypatch):
    """OAuth needs all four credentials, and what is missing is named."""
    message = refusal(
        monkeypatch,
        A2M_MAGENTO__CONSUMER_KEY="a",
        A2M_MAGENTO__CONSUMER_SECRET="b",
        A2M_MAGENTO__ACCESS_TOKEN="c",
    )
    assert "ACCESS_TOKEN_SECRET" in message


def test_empty_warehouses_are_refused_while_inventory_is_active(monkeypatch):
    """Once both systems are configured, inventory needs warehouses or has to be switched off."""
    message = refusal(
        monkeypatch, A2M_MAGENTO__URL="https://shop.example.com", A2M_ACUMATICA__URL="https://erp.example.com"
    )
    assert "A2M_INVENTORY__WAREHOUSES" in message
    monkeypatch.setenv("A2M_ACTIVE__INVENTORY", "false")
    assert load_settings().active.inventory is False


def test_a_warehouse_of_two_branches_at_one_source_is_refused(monkeypatch):
    """A warehouse that would count twice at one source is refused."""
    rows = '[{"branch":"A","warehouses":["W"],"source":"s"},{"branch":"B","warehouses":["W"],"source":"s"}]'
    assert "would count twice" in refusal(monkeypatch, A2M_INVENTORY__BRANCHES=rows)


def test_a_separate_vendor_quantity_needs_a_source_of_its_own(monkeypatch):
    """Separate Value at the source of a warehouse is refused."""
    message = refusal(
        monkeypatch,
        A2M_VENDOR_INVENTORY__INCLUDE="separate",
        A2M_VENDOR_INVENTORY__SOURCE="default",
        A2M_VENDOR_INVENTORY__INQUIRY="Vendors",
        A2M_INVENTORY__WAREHOUSES='["MAIN"]',
    )
    assert "A2M_VENDOR_INVENTORY__SOURCE" in message


@pytest.mark.parametrize(
    ("pattern", "test_value", "words"),
    [
        ("#(.+", "", "is not a regular expression"),
        ("#.+", "", "must have one pair of parentheses"),
        ("(#)(.+)", "", "must have one pair of parentheses"),
        ("#(.+)", "100000001", "finds no order number in 100000001"),
        (r"#(\d+)", "#100000001 ", None),
    ],
)
def test_a_reference_pattern_has_one_group_and_fits_its_test_value(monkeypatch, pattern, test_value, words):
    """A pattern that could not find an order number is refused before anything is sent."""
    values = {"A2M_ORDER__REFERENCE_PATTERN": pattern, "A2M_ORDER__REFERENCE_TEST": test_value}
    if words is not None:
        assert words in refusal(monkeypatch, **values)
        return
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    assert load_settings().order.reference_pattern == pattern


def test_a_trailing_slash_changes_nothing(monkeypatch):
    """The URL with and without a trailing slash is the same, and its path stays."""
    monkeypatch.setenv("A2M_MAGENTO__URL", "https://host/shop/")
    assert load_settings().magento.url == "https://host/shop"


def test_the_highest_place_wins(monkeypatch, tmp_path):
    """Environment before .env before the settings file before the default, and each value says where it is from."""
    (tmp_path / "home").mkdir()
    file = tmp_path / "home" / "settings.toml"
    file.write_text("[queue]\nbatch_count = 7\nthreshold_count = 8\nretry_count = 9\n")
    (tmp_path / ".env").write_text("A2M_QUEUE__THRESHOLD_COUNT=18\nA2M_QUEUE__BATCH_COUNT=17\n")
    monkeypatch.setenv("A2M_QUEUE__BATCH_COUNT", "27")
    queue = load_settings().queue
    assert (queue.batch_count, queue.threshold_count, queue.retry_count) == (27, 18, 9)
    names = ("batch_count", "threshold_count", "retry_count", "check_process_time")
    assert [where_from("queue", name) for name in names] == ["environment", ".env", "settings file", "default"]


def test_a_settings_file_with_a_secret_that_others_may_read_is_refused(tmp_path):
    """A settings file with a secret has mode 0600."""
    (tmp_path / "home").mkdir()
    file = tmp_path / "home" / "settings.toml"
    file.write_text('[magento]\nbearer_token = "x"\n')
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        load_settings()
    file.chmod(0o600)
    assert load_settings().magento.bearer_token is not None


@pytest.mark.parametrize(
    "line",
    [
        "A2M_MAGENTO__BEARER_TOKEN=x",
        "a2m_acumatica__password=x",
        "A2M_DATABASE_URL=postgresql://a2m:x@host/state",
    ],
)
def test_a_dot_env_with_a_secret_that_others_may_read_is_refused(tmp_path, line):
    """The same for `.env`; one without a secret may have any mode."""
    file = tmp_path / ".env"
    file.write_text(f"{line}\n")
    for mode in (0o644, 0o640, 0o604):
        file.chmod(mode)
        with pytest.raises(SettingsError, match=r"others may read it\. Run: chmod 600 \.env") as refused:
            load_settings()
        assert "holds" in str(refused.value)
    file.chmod(0o600)
    load_settings()
    file.write_text("A2M_QUEUE__BATCH_COUNT=17\nA2M_DATABASE_URL=postgresql://a2m@host/state\n")
    file.chmod(0o644)
    assert load_settings().queue.batch_count == 17


@pytest.mark.parametrize("name", ["A2M_REQUIRE", "A2M_PROJECT"])
def test_what_tests_and_scripts_read_is_no_wrong_setting(monkeypatch, name):
    """They name what may not be skipped, and the checkout to run against, in the same environment."""
    monkeypatch.setenv(name, "recordings")
    load_settings()


def test_an_unknown_section_or_name_in_the_file_is_refused(tmp_path):
    """The settings file is held to the same names."""
    (tmp_path / "home").mkdir()
    file = tmp_path / "home" / "settings.toml"
    file.write_text("[queu]\nbatch_count = 7\n")
    with pytest.raises(SettingsError, match="Did you mean queue"):
        load_settings()
    file.write_text("[queue]\nbatch_cont = 7\n")
    with pytest.raises(SettingsError, match="A2M_QUEUE__BATCH_COUNT"):
        load_settings()


def test_every_setting_says_what_it_is():
    """Every setting has a label, and a help text that is a whole sentence, for an administrator."""
    assert all(one.label for one in all_settings())
    assert [one.name for one in all_settings() if not one.help_text.endswith((".", "e.g."))] == []


FORMER = {
    ("queue", "full_look_every"): ("queue", "full_sync_interval"),
    ("notify", "told_again"): ("notify", "repeat_after"),
    ("queue", "wait_tell"): ("queue", "report_waits_after"),
}


@pytest.mark.parametrize("former", FORMER, ids="__".join)
def test_a_former_name_works_wherever_it_is_written(monkeypatch, tmp_path, former):
    """In the environment, `.env`, saved values, the form, arguments and the settings file; the new name wins."""
    section, field = FORMER[former]
    old, new = (f"A2M_{section.upper()}__{name.upper()}" for name in (former[1], field))
    value = lambda **given: getattr(getattr(load_settings(**given), section), field)  # noqa: E731
    saved = {section: {former[1]: 5}}
    assert value(**saved) == value(saved=saved) == 5
    assert where_from(section, field, saved) == "UI"
    assert to_save({}, saved) == to_save(from_form(saved), {}) == {section: {field: 5}}
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "settings.toml").write_text(f"[{section}]\n{former[1]} = 8\n")
    assert (value(), where_from(section, field)) == (8, "settings file")
    (tmp_path / ".env").write_text(f"{old}=9\n")
    assert (value(), where_from(section, field)) == (9, ".env")
    monkeypatch.setenv(old, "10")
    assert (value(), where_from(section, field)) == (10, "environment")
    monkeypatch.setenv(new, "11")
    assert value() == 11
    monkeypatch.setenv(new, "-1")
    with pytest.raises(SettingsError, match=f"{new} = -1"):
        load_settings()


def test_every_former_name_is_tried(caplog):
    """None of them is left out above; each is warned of, with the new name."""
    assert {(one.section, one.former_field) for one in all_settings() if one.former_field} == set(FORMER)
    _warn.cache_clear()
    for _again in range(2):
        load_settings(**{name: {field: 7 for section, field in FORMER if section == name} for name, _field in FORMER})
    for one in all_settings():
        if one.former_field:
            assert caplog.text.count(f"{one.former_name} is called {one.name} now.") == 1
