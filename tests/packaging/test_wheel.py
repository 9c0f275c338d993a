"""The wheel works without the project's folder, beside modules of others that have the names of ours."""

import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from support.project import PACKAGES, ROOT


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A working folder that holds modules with common names, each of which says so when it is imported."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for name in ("tasks", "settings", "flows", "connector", "sandbox"):
        (folder / f"{name}.py").write_text(f"raise SystemExit('the foreign {name} was imported')\n")
    return folder


def a2m(installed: Path, folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command of the wheel in that folder, with a state folder of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("A2M_", "PYTHON"))}
    kept |= {"A2M_HOME": str(folder.parent / "home"), "PREFECT_HOME": str(folder.parent / "prefect"), **environ}
    command = [installed / "a2m", *arguments]
    return subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True, timeout=60, check=False)


def test_everything_is_in_the_wheel(wheel):
    """Every module is in it, the migrations with their template, the mark of typed code; no tests."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    wanted = {
        str(file.relative_to(ROOT))
        for package in PACKAGES
        for kind in ("*.py", "*.mako", "*.yaml", "py.typed", "*.html", "*.css", "*.js", "*.svg", "*.txt", "*.json")
        for file in (ROOT / package).rglob(kind)
    }
    assert names == wanted
    assert "connector/state/migrations/script.py.mako" in names
    assert "connector/state/migrations/versions/0001_first_schema.py" in names


def test_help_in_a_folder_with_foreign_modules(installed, foreign):
    """Modules of the working folder are not imported, whatever their names."""
    done = a2m(installed, foreign, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "sync" in done.stdout


def test_status_makes_the_state_database_from_the_wheel(installed, foreign):
    """The migrations work from the wheel, and foreign modules are not imported by what the command needs."""
    done = a2m(installed, foreign, "status", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert {row["entity"] for row in json.loads(done.stdout)["entities"]} >= {"price", "inventory"}
    assert (foreign.parent / "home" / "state.sqlite").is_file()


@pytest.mark.parametrize("command", ["serve", "status"])
def test_foreign_modules_that_would_win_are_refused(installed, foreign, command):
    """Where PYTHONPATH puts a foreign module before ours, nothing starts, and the words name it."""
    done = a2m(installed, foreign, command, PYTHONPATH=str(foreign))
    assert done.returncode == 2
    assert f"would come from {foreign}" in done.stderr
    assert "PYTHONPATH" in done.stderr
    assert "Traceback" not in done.stderr
    assert "was imported" not in done.stderr
