"""The wheel, built once from a copy of the sources, and an environment that has it and what it needs, and no more."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support.project import PACKAGES, ROOT


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel; the build leaves its traces in a copy, not in the project's folder."""
    copy = tmp_path_factory.mktemp("sources")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, copy)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", "."]
    built = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = (copy / "dist").glob("*.whl")
    return found


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of an environment with the wheel in it.

    Its dependencies, and theirs, are those of this environment, as links: installing them again would take minutes.
    What the wheel does not ask for, such as test tools, is not there.
    """
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip())
    here = Path(sysconfig.get_path("purelib"))
    for name in sorted({name for one in needed("acumatica-magento") for name in entries(one)}):
        if (here / name).exists():
            (packages / name).symlink_to(here / name)
    command = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet", wheel]
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # the sources are not there
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    assert done.returncode == 0, done.stderr
    return home / "bin"


def needed(project: str) -> list[Distribution]:
    """What a project needs without any of its extras, and what that needs."""
    found: dict[str, Distribution] = {}
    left = [(one, "") for one in distribution(project).requires or ()]
    while left:
        requirement, extra = Requirement(left[0][0]), left.pop(0)[1]
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        extras = sorted(requirement.extras)
        if name in found and not extras:
            continue
        found[name] = distribution(name)
        left += [(one, extra) for one in found[name].requires or () for extra in ("", *extras)]
    return list(found.values())


def entries(one: Distribution) -> set[str]:
    """The names under which a distribution's files stand among the installed packages."""
    return {file.parts[0] for file in one.files or () if file.parts[0] not in ("..", "__pycache__")}
