"""`make` installs only what a command needs, says how far that is, and shows pip's words where it fails."""

import subprocess
import sys
from pathlib import Path

import pytest
from support.project import ROOT

PIP = """
import sys
if sys.argv[1] == "-c":
    sys.exit(0)
assert sys.argv[1:4] == ["-m", "pip", "install"], sys.argv
print("Collecting pandas\\nCollecting prefect\\nInstalling collected packages: pandas, prefect")
print("ERROR: no space left" if {code} else "Successfully installed pandas prefect")
sys.exit({code})
"""


def recipe(target: str, *variables: str) -> str:
    """What make would run in a folder where nothing is installed."""
    command = ["make", "--dry-run", target, "VENV=.nowhere", *variables]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_each_command_has_what_it_needs():
    """Running needs no test tools; PostgreSQL's driver comes where its database is named."""
    assert ".ci/install .nowhere ''\n" in recipe("demo")
    assert ".ci/install .nowhere '[postgres]'\n" in recipe("demo", "DATABASE=postgresql://x/y")
    for target in ("test", "lint", "docs", "soak"):
        assert ".ci/install .nowhere '[dev,docs]'\n" in recipe(target)


@pytest.mark.parametrize("code", [0, 1])
def test_it_says_how_far_it_is(tmp_path: Path, code: int):
    """Lines with how many packages, though nobody looks at a terminal; the end of pip's output where it failed."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f"#!{sys.executable}\n{PIP.format(code=code)}")
    python.chmod(0o700)
    command = [sys.executable, ROOT / ".ci" / "install", tmp_path, ""]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "Installing what running needs into" in done.stdout
    assert "installing 2 packages" in done.stdout
    assert ("no space left" in done.stderr) is bool(code)
    assert ("Compiling" in done.stdout) is not bool(code)
