"""What `a2m` commands log to standard error, as text and as JSON."""

import json
import logging
import os
import subprocess
import sys
from urllib.parse import quote

import pytest
from support.customers import added

from a2m.progress import show_progress
from a2m.serve import PREFECT_IN_JSON
from app.logs import handler_attached
from entities.events import Waiting

SECRETS = ("sandbox-magento-token", "sandbox-client-secret")
NAMES = ("name", "FirstName", "LastName", "CompanyName", "DisplayName")
PERSONAL = (*NAMES, "Email", "email", "Phone1", "AddressLine1", "City", "PostalCode")


def lines_of(output):
    """Every line of standard error, which must be JSON."""
    return [json.loads(line) for line in output.err.splitlines()]


def of_event(lines, event):
    return [line for line in lines if line.get("event") == event]


def test_a_sync_that_did_something_is_a_line_and_a_cause_of_failures_another(a2m, make_world):
    """Twelve products, three of which Magento does not have: one line for the sync, one for the cause."""
    here = make_world(12)
    for sku in sorted(here.prices())[:3]:
        here.shop("DELETE", f"products/{quote(sku, safe='')}")
    output = a2m("sync", "price", "--json", A2M_LOG_LEVEL="INFO", A2M_LOG_FORMAT="json")
    assert output.code == 1
    failed, ended = lines_of(output)
    assert (failed["level"], failed["event"], failed["entity"], failed["count"]) == (
        "WARNING",
        "messages_failed",
        "price",
        3,
    )
    assert failed["code"] == "unknown_sku"
    assert failed["example"] in failed["message"]
    assert (ended["level"], ended["event"], ended["sent"], ended["failed"]) == ("INFO", "sync_ended", 9, 3)
    assert ended["message"].startswith("price: 12 changed, 9 sent in ")


def test_text_lines(a2m, make_world):
    """The same as text, with time, level and module."""
    make_world(3)
    output = a2m("sync", "price", "--json", A2M_LOG_LEVEL="info")
    (line,) = output.err.splitlines()
    _day, _time, level, module, message = line.split(maxsplit=4)
    assert (level, module) == ("INFO", "app.listeners.event_log:")
    assert message.startswith("price: 3 changed, 3 sent in 3 requests (3 read in ")


def test_an_idle_sync_logs_nothing_at_info(a2m, make_world):
    """What was done is said, not that nothing was to do; a full sync that changes nothing is idle too."""
    make_world(3)
    a2m("sync", "price", "--json")
    assert a2m("sync", "price", "--json", A2M_LOG_LEVEL="INFO").err == ""
    assert a2m("sync", "price", "--full", "--json", A2M_LOG_LEVEL="INFO").err == ""


def test_a_fault_stands_once_on_standard_error(a2m, make_world):
    """With `--json` the fault that ended a run is the line of the log, and nothing beside it."""
    here = make_world(3)
    here.faults.replace("acumatica POST path=*/login: status=403")
    output = a2m("sync", "price", "--json", A2M_LOG_LEVEL="ERROR")
    assert output.code == 1
    (line,) = output.err.splitlines()
    assert "ERROR app.listeners.event_log: price: " in line


@pytest.mark.parametrize(("level", "printed"), [("ERROR", "The session is waited for.\n"), ("WARNING", "")])
def test_a_wait_is_printed_where_the_log_leaves_it_out(capsys, level, printed):
    """A person who watches a command sees what it waits for at every level, and sees it once."""
    with handler_attached(logging.NullHandler(), level, propagate=False):
        show_progress(Waiting("price", "The session is waited for."))
    assert capsys.readouterr().err == printed


def test_at_debug_every_record_says_what_was_decided_and_why(a2m, make_world):
    """From its reading to its outcome; also where there was nothing to do."""
    here = make_world(2)
    sku = min(here.prices())
    here.shop("DELETE", f"products/{quote(sku, safe='')}")
    lines = lines_of(a2m("sync", "price", "--json", A2M_LOG_LEVEL="DEBUG", A2M_LOG_FORMAT="json"))
    sent = [line["message"] for line in lines if line["message"].startswith(f"price {sku}: ")]
    assert any("is computed again" in one for one in sent)
    assert any(": failed: " in one for one in sent), sent
    again = lines_of(a2m("sync", "price", "--full", "--json", A2M_LOG_LEVEL="DEBUG", A2M_LOG_FORMAT="json"))
    assert any("nothing to do" in line["message"] for line in again)


def test_a_fault_of_the_whole_run_is_an_error(a2m, make_world):
    """With what is wrong, and without the credentials that were refused."""
    make_world(2)
    output = a2m("sync", "price", A2M_LOG_FORMAT="json", A2M_ACUMATICA__PASSWORD="wrong-password-of-a-test")
    (error,) = [line for line in lines_of(output) if line["level"] == "ERROR"]
    assert (error["event"], error["entity"]) == ("run_failed", "price")


@pytest.mark.parametrize(("name", "value"), [("A2M_LOG_LEVEL", "LOUD"), ("A2M_LOG_FORMAT", "xml")])
def test_a_bad_value_ends_the_command(a2m, home, name, value):
    """Exit code 2, before anything is done."""
    output = a2m("status", **{name: value})
    assert (output.code, output.out) == (2, "")
    assert output.err.startswith(f"{name} = {value}: it must be one of ")


def personal(known):
    """Every name, e-mail, telephone number and part of an address in what a system knows."""
    if isinstance(known, dict):
        for name, value in known.items():
            if name in PERSONAL and value:
                yield value
            yield from personal(value)
    elif isinstance(known, list):
        for value in known:
            yield from personal(value)


def test_no_secret_and_nothing_personal_is_logged(a2m, make_world):
    """At DEBUG, with documents of every kind, also such as Magento refuses: a line has keys, codes and counts only."""
    here = make_world(6, acumatica={"documents": 6})
    jane = {"name": "Jane Doe-Miller", "main_contact": {"Email": "jane.doe@example.com", "Phone1": "+49 170 1"}}
    here.change(added(1, **jane), added(2, **jane))  # one e-mail for two customers: both fail
    everything = {f"A2M_ACTIVE__{entity}": "true" for entity in ("CUSTOMER", "ORDER", "SHIPMENT")}
    everything["A2M_CUSTOMER__CLASSES"] = '["WHOLESALE", "ECOMMERCE"]'
    output = a2m("sync", "all", "--json", A2M_LOG_LEVEL="DEBUG", A2M_LOG_FORMAT="json", **everything)
    lines = lines_of(output)
    began = [line["entity"] for line in of_event(lines, "sync_started")]
    assert sorted(began) == ["customer", "inventory", "order", "price", "shipment"]
    assert {line["entity"] for line in of_event(lines, "messages_failed")} >= {"customer"}
    people = set(personal(here.site_state()))
    assert {"Jane Doe-Miller", "Ada", "ada@example.com", "New York"} <= people
    assert [one for one in (*SECRETS, *people) if one in output.err] == []


def test_prefect_writes_lines_of_the_same_form(tmp_path):
    """In the processes that `a2m serve` starts, standard error is JSON too, line by line."""
    ask = (
        "import logging\nimport prefect.main\nfrom prefect.logging import get_logger\n"
        "get_logger('runner').warning('[red]one[/red]\\ntwo')\n"
        "logging.getLogger('app.listeners.event_log').warning('%s', 'x' * 300, extra={'fields': {'event': 'waiting'}})"
    )
    environ = {**os.environ, **PREFECT_IN_JSON, "PREFECT_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", ask], env=environ, capture_output=True, text=True, check=True)
    of_prefect, ours = (json.loads(line) for line in done.stderr.splitlines())
    assert (of_prefect["level"], of_prefect["message"]) == ("WARNING", "[red]one[/red]\ntwo")
    assert (ours["logger"], ours["event"], ours["message"]) == ("app.listeners.event_log", "waiting", "x" * 300)
