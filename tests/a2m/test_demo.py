"""`a2m demo`: one real run, what it leaves alone, and what is left when it is killed."""

import os
import re
import signal
import socket
import subprocess
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest
from support.commands import SECRETS, command, environment, run
from support.processes import left_of, running, wait_until, with_variable

from connector.state.engine import open_state
from connector.state.sync import ledger

USUAL_PORT = 4200
FOREIGN = {
    "A2M_QUEUE__BATCH_COUNT": "0",
    "A2M_DATABASE_URL": "sqlite:////nowhere/state.sqlite",
    "PREFECT_API_URL": "http://127.0.0.1:1/api",
    "PREFECT_PROFILE": "theirs",
}
"""Settings of a user which would break the demo if it took them."""


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def of_the_demo(folder: Path) -> list[psutil.Process]:
    """Whatever runs in the demo's own Prefect home."""
    return with_variable("PREFECT_HOME", str(folder / "a2m" / "demo" / "prefect"))


def listening(folder: Path) -> set[str]:
    """The addresses at which the demo's processes accept connections."""
    found = set()
    for one in of_the_demo(folder):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            found |= {f"{c.laddr.ip}:{c.laddr.port}" for c in one.net_connections() if c.status == psutil.CONN_LISTEN}
    return found


def usual_port_taken(stack: ExitStack) -> bool:
    """Take the usual port for as long as the stack lasts; false where somebody else has it, and may leave any time."""
    try:
        stack.enter_context(socket.create_server(("127.0.0.1", USUAL_PORT)))
    except OSError:
        return False
    return True


def test_demo(tmp_path, installed):
    """From the wheel, with what that asks for and no more. It is killed in the middle, and the kernel or the next start
    ends what it left; that one runs to its end, prints what happened, takes another port than the usual one, and
    touches nothing of the user's own.
    """
    theirs = tmp_path / "prefect"
    theirs.mkdir()
    (theirs / "profiles.toml").write_text('active = "theirs"\n[profiles.theirs]\nPREFECT_API_KEY = "x"\n')
    (tmp_path / ".env").write_text("A2M_QUEUE__RETRY_COUNT=nonsense\n")
    (tmp_path / "tasks.py").write_text("raise SystemExit('the foreign tasks was imported')\n")
    environ = environment(tmp_path, FOREIGN) | {"HOME": str(tmp_path)}
    environ = {name: value for name, value in environ.items() if name != "PYTHONPATH"}
    before = contents(theirs)
    output = tmp_path / "demo.log"
    demo = [str(installed / "a2m"), "demo", "--once", "--skus", "30", "--documents", "5"]

    with ExitStack() as stack:
        stack.callback(lambda: [one.kill() for one in of_the_demo(tmp_path)])
        with running(demo, folder=tmp_path, environ=environ, log=output) as killed:
            wait_until(lambda: len(of_the_demo(tmp_path)) > 2, "the demo's processes")
            orphans = of_the_demo(tmp_path)
            os.kill(killed.pid, signal.SIGKILL)

        ours = usual_port_taken(stack)
        with running(demo, folder=tmp_path, environ=environ, log=output) as process:
            wait_until(lambda: "UI will be at http://127.0.0.1:" in output.read_text(), "the address, at once")
            assert left_of(orphans) == []
            wait_until(lambda: "/6 price" in output.read_text() or process.poll() is not None, "a sync of prices")
            heard = listening(tmp_path)
            assert process.wait(timeout=480) == 0, output.read_text()
        assert of_the_demo(tmp_path) == []

    text = output.read_text()
    assert re.search(r"^price +Completed +30 changed, 30 sent in 1 request *$", text, re.MULTILINE), text
    assert re.search(r"^inventory +Completed +(\d+) changed, \1 sent in \d requests? *$", text, re.MULTILINE), text
    assert re.search(r"^shipment +Completed .*\d sent in \d requests? *$", text, re.MULTILINE), text
    assert "nothing changed" not in text, "also where a scheduled run was quicker than the one by hand"
    assert re.search(r"^prices +30 +30 +0 +0 *$", text, re.MULTILINE), text
    assert re.search(r"^quantities +90 +90 +0 +0 *$", text, re.MULTILINE), text
    customers = re.search(r"^customers +(\d+) +(\d+) +1 +0 *$", text, re.MULTILINE)
    assert int(customers[1]) - int(customers[2]) == 1, "one message is left failed on purpose"
    its_own = subprocess.run([tmp_path / "a2m" / "demo" / "a2m", "failed"], capture_output=True, text=True, check=True)
    assert "customer NOMAIL has none" in its_own.stdout, "the demo's own command knows its state"
    port = int(re.search(r"UI will be at http://127\.0\.0\.1:(\d+)", text)[1])
    assert port != USUAL_PORT or not ours
    steps = re.findall(r"^\[ *\d+ s\] (\d)/6 (\w+)", text.partition("What happened")[0], re.MULTILINE)
    assert {"price", "inventory", "customer", "order", "shipment"} <= {entity for _step, entity in steps}
    assert steps == sorted(steps, key=lambda one: one[0]), "each step after the one before it"
    assert "Traceback" not in text
    assert not [secret for secret in SECRETS if secret in text]
    left = contents(tmp_path / "a2m" / "demo")
    assert {"state/state.sqlite", "prefect/prefect.db", "deployments.log"} <= left.keys()
    assert left.pop("state/sandbox.env"), "the one file that holds them; only its owner may read it"
    assert [name for name, content in left.items() if any(secret.encode() in content for secret in SECRETS)] == []
    assert len(heard) >= 3, "both simulators and the Prefect server"
    assert {address.rpartition(":")[0] for address in heard} <= {"127.0.0.1", "::1"}

    assert contents(theirs) == before
    assert not (tmp_path / ".prefect").exists()
    assert {path.name for path in (tmp_path / "a2m").iterdir()} == {"demo"}


def test_a_demo_that_runs_already(tmp_path):
    """A second start leaves the first one alone, and says which process it is."""
    from a2m.processes import Children, StillRunning

    environ = environment(tmp_path, {})
    output = tmp_path / "demo.log"
    with running(command("demo", "--once"), folder=tmp_path, environ=environ, log=output) as first:
        wait_until(lambda: len(of_the_demo(tmp_path)) > 0, "the demo's first process")
        try:
            Children(tmp_path / "a2m" / "demo")
        except StillRunning as refused:
            assert f"process {first.pid}" in str(refused)
        else:
            raise AssertionError("the second start took the first one's folder")
        assert first.poll() is None
        first.send_signal(signal.SIGHUP)  # its terminal was closed
        assert first.wait(timeout=60) == 130
        assert "Stopped." in output.read_text()
        assert of_the_demo(tmp_path) == []


def test_a_database_that_is_in_use_is_not_taken(a2m, home, database_url):
    """A state that somebody may want to keep is refused before anything is started, and stays as it is."""
    output = a2m("demo", "--once", "--database", database_url)
    assert output.code == 2
    assert "there is a state already; name a new, empty database" in output.err
    assert not home.exists()


@pytest.mark.soak
def test_the_demo_on_postgresql(tmp_path, new_database):
    """With an empty database the whole demo runs on it: Magento is right in the end, and no password is shown."""
    url = new_database("postgresql", empty=True)
    command_line = ["demo", "--once", "--skus", "30", "--documents", "5", "--database", url]
    output = run(command_line, folder=tmp_path, environ=environment(tmp_path, {}), timeout=480)
    assert output.code == 0, output.out
    assert re.search(r"^prices +30 +0 +yes *$", output.out, re.MULTILINE), output.out
    assert "State database postgresql+psycopg://postgres" in output.out
    assert not list((tmp_path / "a2m").rglob("state.sqlite"))
    state = open_state(url)
    with state.read() as connection:
        assert len(ledger.all_of(connection, "price")) == 30
    state.close()
