"""Run `a2m` in a process of its own, with exactly the settings of the test."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.serve import lines_that_connect

SECRETS = ("sandbox-magento-token", "wrong-token-of-a-test", "wrong-password-of-a-test")


@dataclass(frozen=True)
class CommandResult:
    """The exit code of a command, and its two outputs."""

    code: int
    out: str
    err: str

    def check(self) -> CommandResult:
        """Assert that no output has a traceback or a secret."""
        for text in (self.out, self.err):
            assert "Traceback" not in text, text
            assert not [secret for secret in SECRETS if secret in text], text
        return self


def settings_of(acumatica: str, magento: str, **changed: str) -> dict[str, str]:
    """The settings that connect to two simulators, as `a2m sandbox` prints them, with these changes.

    MAIN goes to the source `default`, as in `World.sections`.
    """
    sources = {"A2M_INVENTORY__SOURCES": '{"MAIN":"default","EAST":"east","WEST":"west"}'}
    sources["A2M_INVENTORY__DEFAULT_SOURCE"] = "default"
    lines = (shlex.split(line)[0].partition("=") for line in lines_that_connect(acumatica, magento, documents=False))
    return {name: value for name, _is, value in lines} | sources | changed


def environment(home: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with a state folder and a Prefect home of the test's own, and only these settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("A2M_", "PREFECT_"))}
    ours = {"A2M_HOME": str(home / "a2m"), "PREFECT_HOME": str(home / "prefect"), "DO_NOT_TRACK": "1"}
    ours["A2M_WEB__ENABLED"] = "false"  # a port that all tests would share
    return kept | ours | {"PREFECT_SERVER_ANALYTICS_ENABLED": "false"} | dict(settings)


def command(*arguments: str) -> list[str]:
    """Return the arguments that start `a2m` in a process of its own."""
    return [sys.executable, "-P", "-m", "a2m", *arguments]


def run(arguments: Sequence[str], *, folder: Path, environ: Mapping[str, str], **how: Any) -> CommandResult:
    """Run the command in a process of its own."""
    how = {"timeout": 180, **how}
    done = subprocess.run(
        command(*arguments), cwd=folder, env=dict(environ), capture_output=True, text=True, check=False, **how
    )
    return CommandResult(done.returncode, done.stdout, done.stderr).check()
