"""Runs killed with SIGKILL block nothing: their Acumatica sessions are released, and waiting runs report the reason."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import update
from support.commands import CommandResult, command, environment, run, settings_of
from support.processes import wait_until
from support.project import ROOT
from support.served import Served

from connector.clock import ManualClock
from connector.state.engine import open_state
from connector.state.schema import leases, micros
from sandbox.acumatica.app import create_app as acumatica_app
from sandbox.catalogue import generated
from sandbox.magento.app import create_app as magento_app

KILLED = ("price", "inventory")
CLOSES_IDLE_SESSIONS_AFTER = 600  # seconds by its own clock


@pytest.fixture
def clock() -> ManualClock:
    """Acumatica's clock."""
    return ManualClock(datetime.now(UTC))


@pytest.fixture
def places(tmp_path: Path, clock: ManualClock) -> Iterator[tuple[Path, dict[str, str]]]:
    """Both systems, an Acumatica with two seats, and what connects a command to them."""
    products = generated(20)
    site = Served(acumatica_app(products, sessions=2, idle_seconds=CLOSES_IDLE_SESSIONS_AFTER, clock=clock.now))
    shop = Served(magento_app(products))
    settings = settings_of(site.url, shop.url, A2M_ACUMATICA__SESSIONS="2")
    environ = environment(tmp_path, settings) | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    yield tmp_path, environ
    site.close()
    shop.close()


def killed(entity: str, folder: Path, environ: dict[str, str]) -> None:
    """A run of the entity that is killed while it holds its lease and its session."""
    words = [sys.executable, "-m", "support.killed_worker", entity]
    with subprocess.Popen(words, cwd=folder, env=environ, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"pulled\n"
        process.kill()


def run_while(
    places: tuple[Path, dict[str, str]], message: str, then: Callable[[], None], *arguments: str
) -> CommandResult:
    """Run a command in a process of its own, and call a function once it has printed this."""
    folder, environ = places
    said = folder / "said"
    with (
        said.open("wb") as err,
        subprocess.Popen(
            command(*arguments), cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err
        ) as process,
    ):
        wait_until(lambda: message in said.read_text() or process.poll() is not None, message)
        then()
        out, _nothing = process.communicate(timeout=180)
    return CommandResult(process.returncode, out.decode(), said.read_text()).check()


def test_two_killed_runs_make_nobody_wait_without_a_word(
    places: tuple[Path, dict[str, str]], clock: ManualClock
) -> None:
    """With two sessions and two runs killed −9, `status` calls them dead, `check` says at once what Acumatica still
    counts and goes on when it has closed it, and `sync` waits for the lease of the dead run and carries its work on.
    """
    folder, environ = places
    for entity in KILLED:
        killed(entity, folder, environ)
    stands = json.loads(run(["status", "--json"], folder=folder, environ=environ).out)["entities"]
    for row in stands[:2]:
        assert row["state"].startswith("dead: ")
        assert "ended in the middle of its work" in row["last_fault"]

    waits = "Waiting for Acumatica to let us in"
    checked = run_while(places, waits, lambda: clock.advance(CLOSES_IDLE_SESSIONS_AFTER), "check")
    assert waits in checked.err
    assert "It still counts sessions of processes that ended without logging out: price: " in checked.err
    assert "Waiting for one of the" not in checked.err, "the seats of the dead are not waited for"
    assert "FAILED" not in checked.out

    def lease_ends(entity: str, *, seconds: float) -> None:
        """The dead run holds its lease for so long from now on, however long all this has taken."""
        at = micros(datetime.now(UTC) + timedelta(seconds=seconds))
        with closing(open_state(f"sqlite:///{folder / 'a2m' / 'state.sqlite'}")) as state, state.write() as connection:
            connection.execute(update(leases).where(leases.c.entity == entity).values(expires_at=at))

    for entity in KILLED:
        lease_ends(entity, seconds=600)
        synced = run_while(places, "Waiting up to", partial(lease_ends, entity, seconds=0), "sync", entity, "--json")
        assert synced.code == 0, synced.err
        assert json.loads(synced.out)["entities"][0]["sent"] > 0
        assert "Waiting up to" in synced.err
        assert "which has died; its lease ends at" in synced.err
    rows = json.loads(run(["status", "--json"], folder=folder, environ=environ).out)["entities"]
    assert [(row["state"], row["last_fault"]) for row in rows[:2]] == [("active", None)] * 2
