"""The tutorial's commands, one after the other, do what its sentences say."""

import re
import shlex
import sys

import pytest
from support.isolation import present_worlds
from support.project import ROOT
from support.served import client
from support.tutorial_pictures import PICTURES, PagesOfTheTutorial, Shown

from a2m import demo_result
from a2m.__main__ import main

TUTORIAL = ROOT / "docs" / "tutorial" / "first-hour.md"
SETTINGS = {
    "A2M_ACTIVE__CUSTOMER": "true",
    "A2M_CUSTOMER__CLASSES": '["WHOLESALE"]',
    "A2M_CUSTOMER__GROUPS": '{"WHOLESALE": "Wholesale"}',
}


@pytest.fixture
def here(home, tmp_path, monkeypatch):
    """A world as the demo leaves it: everything is synced, and one customer failed."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    with present_worlds(tmp_path, monkeypatch) as make_world:
        made = make_world(3)
        demo_result.leave_one_to_fail()
        yield made


PROMISED = [
    (0, "customer"),
    (0, "no_email"),
    (0, "No e-mail: customer NOMAIL has none"),
    (0, "1"),
    (0, "Nothing failed."),
    (200, ""),
    (200, ""),
    (1, "503"),
    (0, "price: 1"),
    (200, ""),
    (0, "sent"),
    (0, "12.34"),
    (0, "nothing differs"),
]
"""Of each line of the tutorial its exit code, or the simulator's status, and a word of what it says."""


AFTER = {
    2: [
        Shown("tutorial-1-overview", "/", "Customer: 1 message failed"),
        Shown("tutorial-2-failed", "/failed", "No e-mail"),
        Shown("tutorial-2-record", "/record/customer?key=NOMAIL", "No e-mail"),
    ],
    8: [Shown("tutorial-3-failed", "/failed", "503")],
    11: [Shown("tutorial-3-record", "/record/price?key=SKU-000001", "12.34")],
    12: [
        Shown("tutorial-4-setting", "/setup/queue", "Batch Count"),
        Shown("tutorial-5-reconcile", "/reconcile", "Reconcile"),
    ],
}
"""What the workspace shows after a line, by the line's place among them."""


def commands() -> list[str]:
    """The lines of the tutorial's blocks, up to the reader's own shop."""
    text = TUTORIAL.read_text().partition("## 6.")[0]
    blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if not line.startswith("make ")]


def test_every_step_has_a_picture():
    """The steps on the sandbox name pictures that exist, among them all that the test of the tutorial makes."""
    steps = TUTORIAL.read_text().partition("## 6.")[0].split("\n## ")[1:]
    named = [re.findall(r"\.\./pictures/([\w-]+)\.png", step) for step in steps]
    assert all(named), [step.splitlines()[0] for step, found in zip(steps, named, strict=True) if not found]
    everyone = {name for found in named for name in found}
    assert [name for name in everyone if not (PICTURES / f"{name}.png").exists()] == []
    assert {one.picture for pages in AFTER.values() for one in pages} <= everyone


def test_the_tutorial(here, monkeypatch, capfd, request):
    """Break, see, put right: each command's exit code and the word that its sentence promises, and the pages of the
    workspace for each step. `make pictures` makes their pictures here.
    """

    def run(line: str) -> tuple[int, str]:
        words = shlex.split(line)
        here.clock.advance(60)
        if words[0] == "curl":
            address = words[3].replace("MAGENTO", here.magento.url).replace("ACUMATICA", here.acumatica.url)
            return client().post(address, content=words[2].encode()).status_code, ""
        monkeypatch.setattr(sys, "argv", words)
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        current = capfd.readouterr()
        return int(left.value.code or 0), current.out + current.err

    assert run("a2m sync all")[0] == 1
    with PagesOfTheTutorial(here, request) as pages:
        for number, (line, (code, words)) in enumerate(zip(commands(), PROMISED, strict=True)):
            if line == "a2m sync customer":  # before it stands the line that the demo printed
                here.clock.advance(60)
                here.change(demo_result.PUT_RIGHT)
            done, text = run(line)
            assert (done, words in text) == (code, True), (line, text)
            for shown in AFTER.get(number, []):
                pages.show(shown)
