"""`a2m setup`: every Setup Parameter in order, secrets twice and unseen, and a file that only its owner may read."""

import io
import stat
import sys
import tomllib

import pytest

from settings import all_settings, load_settings, sections

SECRET = "wrong-token-of-a-test"


@pytest.fixture
def setup(a2m, monkeypatch):
    """Run the command with these answers, one a line; what is not answered is left as it is."""

    def run(answers=None, section="all", *, lines=None, **settings):
        given = lines if lines is not None else lines_of(answers or {}, section)
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in given)))
        return a2m("setup", section, **settings)

    return run


def lines_of(answers, section):
    """The answers in the order of the questions; a secret is answered twice."""
    lines = []
    for one in all_settings():
        if section in ("all", one.section) and not one.field.startswith("confirm_"):
            answer = answers.get((one.section, one.field), "")
            lines += [answer, answer] if answer and one.is_secret else [answer]
    return lines


def test_every_answer_is_in_the_file(setup, home):
    """The file has mode 0600 and what was answered; choices by their word, lists with commas, maps with KEY=value."""
    answers = {
        ("magento", "url"): "https://shop.example.com/",
        ("magento", "bearer_token"): SECRET,
        ("queue", "batch_count"): "50",
        ("price", "tax_included"): "with tax",
        ("inventory", "quantity"): "Quantity Available on Hand",
        ("inventory", "warehouses"): "MAIN, EAST",
        ("inventory", "sources"): "MAIN=default, EAST=east side",
        ("inventory", "safety"): "1.5",
        ("shipment", "ship_vias"): '{"GROUND": {"carrier_code": "ups", "title": "UPS \\"Ground\\""}}',
        ("order", "from"): "2026-01-01T00:00:00+01:00",
        ("active", "order"): "yes",
    }
    output = setup(answers)
    assert (output.code, output.err) == (0, ""), output
    file = home / "settings.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir() if "settings" in path.name] == ["settings.toml"]
    settings = load_settings()
    assert settings.magento.url == "https://shop.example.com"
    assert settings.magento.bearer_token.get_secret_value() == SECRET
    assert settings.queue.batch_count == 50
    assert settings.price.tax_included is True
    assert settings.inventory.quantity == "on_hand"
    assert settings.inventory.sources == {"MAIN": "default", "EAST": "east side"}
    assert str(settings.inventory.safety) == "1.5"
    assert settings.shipment.ship_vias["GROUND"].title == 'UPS "Ground"'
    assert settings.order.from_.isoformat() == "2025-12-31T23:00:00+00:00"
    assert settings.active.order is True
    titles = [line.strip() for line in output.out.splitlines()]
    assert [title for title in titles if title in sections().values()] == list(sections().values())
    assert "batch_count" in tomllib.loads(file.read_text())["queue"]


def test_the_second_time(setup, home):
    """What was answered before stays; - goes back to the default; only one section may be asked for."""
    assert setup({("queue", "batch_count"): "50", ("queue", "retry_count"): "5"}).code == 0
    output = setup({("queue", "batch_count"): "-"}, "queue")
    assert (output.code, "Batch Count [50]" in output.out) == (0, True)
    assert (load_settings().queue.batch_count, load_settings().queue.retry_count) == (100, 5)


def test_a_confirmation_that_differs(setup, home):
    """Case 6: Confirm Bearer Token that differs is refused, before anything is saved."""
    lines = ["https://shop.example.com", SECRET, f"{SECRET}2"]
    output = setup(lines=lines)
    assert output.code == 2
    assert output.err == "Bearer Token and Confirm Bearer Token differ. Nothing was saved.\n"
    assert not (home / "settings.toml").exists()


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({("queue", "batch_count"): "1001"}, "A2M_QUEUE__BATCH_COUNT = 1001: it must be a whole number, 1 to 1,000"),
        ({("queue", "process_sleep_time"): "51"}, "A2M_QUEUE__PROCESS_SLEEP_TIME = 51: 51 is more than Check Process"),
        ({("order", "types"): "SO, QT"}, "A2M_ORDER__TYPES"),
        ({("price", "source"): "Some Price"}, "it must be one of Default Price, Sales Price"),
        ({("customer", "groups"): "A"}, "KEY=value"),
        ({("magento", "url"): "http://shop.example.com"}, "http is only for this machine"),
    ],
)
def test_a_wrong_answer(setup, home, answers, words):
    """It is refused with the field, the value and the rule, and no file is written."""
    output = setup(answers)
    assert output.code == 2
    assert words in output.err
    assert not (home / "settings.toml").exists()


def test_what_something_above_fixes_is_not_asked_for(setup, home):
    """It is named with its place."""
    lines = lines_of({}, "queue")[1:]
    output = setup(section="queue", lines=lines, A2M_QUEUE__BATCH_COUNT="7")
    assert output.code == 0
    assert "Batch Count: fixed by the environment" in output.out


def test_answers_that_end_too_soon(setup, home):
    """Nothing is saved."""
    output = setup(section="queue", lines=["1"])
    assert (output.code, output.err) == (2, "The answers ended before the last question. Nothing was saved.\n")
    assert not (home / "settings.toml").exists()


def test_ctrl_c_saves_nothing(a2m, home, monkeypatch):
    """It says so, and leaves with the code of an interrupt."""

    def interrupted(*_args, **_more):
        raise KeyboardInterrupt

    monkeypatch.setattr("a2m.setup._line", interrupted)
    output = a2m("setup")
    assert (output.code, "Nothing was saved." in output.err) == (130, True)
    assert not (home / "settings.toml").exists()
