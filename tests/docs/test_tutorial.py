"""The tutorial's commands, one after the other, do what its sentences say."""

import re
import shlex
import sys

import pytest
from support.project import ROOT
from support.served import client
from support.surroundings import present_worlds

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


def commands() -> list[str]:
    """The lines of the tutorial's blocks, up to the reader's own shop."""
    text = TUTORIAL.read_text().partition("## 6.")[0]
    blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if not line.startswith("make ")]


def test_the_tutorial(here, monkeypatch, capfd):
    """Break, see, put right: each command's exit code and the word that its sentence promises."""

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
    for line, (code, words) in zip(commands(), PROMISED, strict=True):
        if line == "a2m sync customer":  # before it stands the line that the demo printed
            here.clock.advance(60)
            here.change(demo_result.PUT_RIGHT)
        done, text = run(line)
        assert (done, words in text) == (code, True), (line, text)
