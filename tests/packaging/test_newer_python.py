"""The wheel on the newest Python of this machine, with the dependencies that the registry has for it."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet
from support.commands import environment
from support.project import ROOT

TIMEOUT = 900


def newest_python() -> Path | None:
    """The newest interpreter beside the one of the tests that the wheel allows: on the PATH, or pyenv's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    allowed, found = SpecifierSet(project["requires-python"]), {}
    for minor in range(sys.version_info.minor + 1, 30):
        version = f"3.{minor}"
        pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python{version}"))
        on_path = shutil.which(f"python{version}")
        one = pyenv[-1] if pyenv else on_path and Path(on_path)
        if one and version in allowed and runs(one):
            found[minor] = one
    return found[max(found)] if found else None


def runs(python: Path) -> bool:
    """Whether it is there and not only named: pyenv has a file of this name for each version that it knows."""
    return subprocess.run([python, "--version"], capture_output=True, check=False).returncode == 0


@pytest.mark.soak
def test_the_demo_from_the_wheel(wheel, tmp_path):
    """It installs with the pinned dependencies, and its demo ends with everything right."""
    python = newest_python()
    if python is None:
        pytest.skip(f"no Python newer than {sys.version_info.major}.{sys.version_info.minor} on this machine")

    environ = {name: value for name, value in environment(tmp_path, {}).items() if name != "PYTHONPATH"}

    def call(*command):
        done = subprocess.run(
            command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    call(python, "-m", "venv", tmp_path / "here")
    commands = tmp_path / "here" / "bin"
    call(commands / "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", wheel)
    said = call(commands / "a2m", "demo", "--once", "--skus", "30")
    rows = re.findall(r"^(prices|quantities|orders|shipments) +(\d+) +(\d+) +(\d+) +(\d+)$", said, re.MULTILINE)
    assert len(rows) == 4, said
    assert [(compared, failed, wrong) for _what, compared, right, failed, wrong in rows] == [
        (right, "0", "0") for _what, _compared, right, _failed, _wrong in rows
    ]
