"""The reference pages are those of the code, and what they say of answers and states is so."""

import json
import re
import sys

import pytest
from support.project import ROOT

from a2m.__main__ import main
from a2m.reference import FOLDER, JSON_ANSWERS, PAGES, RUN_STATES, commands_page

STATES_OF_PREFECT = {"Completed", "Failed", "Crashed", "Cancelled"}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_made_from_the_code(home, name):
    """`make reference` writes it anew."""
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "run: make reference"


def test_every_state_in_which_a_run_ends_is_on_the_page():
    """Those with a name of ours, as the flows and the worker give them."""
    named = set()
    for folder in ("flows", "deployments"):
        for file in (ROOT / folder).glob("*.py"):
            text = file.read_text()
            named |= set(re.findall(r"(?:Completed|Failed|Cancelled|Crashed)\(\s*name=\"(\w+)\"", text))
            named |= set(re.findall(r"^(?:NEEDS_ATTENTION|SKIPPED|ENDED) = \"(\w+)\"", text, re.MULTILINE))
    named.add("NothingToDo")  # the other branch of an expression
    assert set(RUN_STATES) == named | STATES_OF_PREFECT


def test_every_command_that_answers_in_json_says_which_names():
    """Each command with `--json` has its line on the page."""
    page = commands_page()
    parts = re.split(r"^## a2m ", page, flags=re.MULTILINE)[1:]
    assert [part.partition("\n")[0] for part in parts if "`--json`" in part and "\nJSON: " not in part] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["status"], ["failed"], ["pause", "price"], ["resume"], ["explain", "price", "X"], ["housekeeping"], ["doctor"],
        ["backup"], ["user", "list"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_json_answers_have_the_names_on_the_page(home, monkeypatch, capfd, arguments):
    """The commands that answer without either system."""
    monkeypatch.setattr(sys, "argv", ["a2m", *arguments, "--json"])
    with pytest.raises(SystemExit):
        main()
    answer = json.loads(capfd.readouterr().out)
    expected = JSON_ANSWERS[" ".join(arguments) if arguments[0] == "user" else arguments[0]]
    assert list(answer) == list(expected)
    for name, rows in expected.items():
        if rows is not None and answer[name]:
            assert list(answer[name][0]) == rows
