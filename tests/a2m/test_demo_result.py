"""The message that a demo leaves failed on purpose, and the lines that say how to put it right."""

import json
import shlex

import pytest
from support.served import client

from a2m import demo, demo_result

CUSTOMERS = {
    "A2M_ACTIVE__CUSTOMER": "true",
    "A2M_CUSTOMER__CLASSES": '["WHOLESALE"]',
    "A2M_CUSTOMER__GROUPS": '{"WHOLESALE": "Wholesale"}',
}


def test_what_fails_on_purpose_is_put_right_by_the_line_that_is_printed(a2m, make_world, capfd, tmp_path):
    """The customer fails, the printed `curl` mends it in Acumatica, and the next sync sends it."""
    here = make_world(3)
    demo_result.leave_one_to_fail()
    assert a2m("sync", "customer", **CUSTOMERS).code == 1
    demo_result.print_how_to_fix(tmp_path / "a2m", stays=True)
    (line,) = [one for one in capfd.readouterr().out.splitlines() if "curl" in one]
    _curl, _d, body, url = shlex.split(line.partition("Put it right")[2])
    here.clock.advance(60)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}  # as curl sends it
    assert client().post(url, content=body.encode(), headers=headers).status_code == 200
    again = a2m("sync", "customer", "--json", **CUSTOMERS)
    assert json.loads(again.out)["entities"][0]["sent"] == 1


@pytest.mark.parametrize("documents", [5, 30])
def test_nothing_else_of_the_sandbox_fails(make_world, documents):
    """The one order that is invoiced in part is invoiced whole, where the sandbox has it."""
    here = make_world(50, acumatica={"documents": documents})
    demo_result.leave_one_to_fail()
    orders = here.site_state()["orders"]
    assert [one["status"] for one in orders if one["order_nbr"] == demo_result.ORDER] in ([], ["Completed"])


@pytest.mark.parametrize(("stays", "words"), [(False, "Everything is stopped again"), (True, "curl")])
def test_pages_that_ended_are_not_named(make_world, capfd, tmp_path, stays, words):
    """A demo that ends by itself names no address that nobody answers any more, and says how to keep them."""
    make_world(1)
    pages = {"Prefect UI": "http://127.0.0.1:4200"} if stays else {}
    demo_result.print_result([], [], pages, tmp_path, 1.0)
    demo_result.print_how_to_fix(tmp_path / "a2m", stays=stays)
    shown = capfd.readouterr().out
    assert words in shown
    assert ("127.0.0.1:4200" in shown) == stays


def test_a_demo_without_a_terminal_ends_by_itself_and_says_so(a2m, monkeypatch):
    """Output into a file or a pipe: it says first that it ends when it is done, as with --once, and then does."""
    asked = []
    monkeypatch.setattr(demo, "_run", lambda items, database, *, once: asked.append(once) or 0)
    shown = a2m("demo").out
    assert shown.startswith("The output is not a terminal, so the demo ends when it is done, as with --once.")
    assert asked == [True]
    assert a2m("demo", "--once").out == ""
