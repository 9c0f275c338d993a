"""`a2m demo`: one real run, what it leaves alone, and what is left when it is killed."""

import os
import re
import signal
import socket
from contextlib import ExitStack
from pathlib import Path

import psutil
from support.commands import SECRETS, command, environment
from support.processes import left_of, running, wait_until, with_variable

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


def usual_port_taken(stack: ExitStack) -> bool:
    """Take the usual port for as long as the stack lasts; false where somebody else has it, and may leave any time."""
    try:
        stack.enter_context(socket.create_server(("127.0.0.1", USUAL_PORT)))
    except OSError:
        return False
    return True


def test_demo(tmp_path):
    """It is killed in the middle, and the kernel or the next start ends what it left; that one runs to its end, prints
    what happened, takes another port than the usual one, and touches nothing of the user's own.
    """
    theirs = tmp_path / "prefect"
    theirs.mkdir()
    (theirs / "profiles.toml").write_text('active = "theirs"\n[profiles.theirs]\nPREFECT_API_KEY = "x"\n')
    (tmp_path / ".env").write_text("A2M_QUEUE__RETRY_COUNT=nonsense\n")
    (tmp_path / "tasks.py").write_text("raise SystemExit('the foreign tasks was imported')\n")
    environ = environment(tmp_path, FOREIGN) | {"HOME": str(tmp_path)}
    before = contents(theirs)
    said = tmp_path / "demo.log"
    demo = command("demo", "--once", "--skus", "30", "--documents", "5")

    with ExitStack() as stack:
        stack.callback(lambda: [one.kill() for one in of_the_demo(tmp_path)])
        with running(demo, folder=tmp_path, environ=environ, log=said) as killed:
            wait_until(lambda: len(of_the_demo(tmp_path)) > 2, "the demo's processes")
            orphans = of_the_demo(tmp_path)
            os.kill(killed.pid, signal.SIGKILL)

        ours = usual_port_taken(stack)
        with running(demo, folder=tmp_path, environ=environ, log=said) as process:
            wait_until(lambda: "Prefect" in said.read_text(), "a demo that has cleaned up")
            assert left_of(orphans) == []
            assert process.wait(timeout=480) == 0, said.read_text()
        assert of_the_demo(tmp_path) == []

    text = said.read_text()
    assert re.search(r"^price +Completed +30 changed, 30 sent in 1 request *$", text, re.MULTILINE), text
    assert re.search(r"^inventory +Completed +(\d+) changed, \1 sent in \d requests? *$", text, re.MULTILINE), text
    assert re.search(r"^prices +30 +0 +yes *$", text, re.MULTILINE), text
    assert re.search(r"^quantities +90 +0 +yes *$", text, re.MULTILINE), text
    port = int(re.search(r"Prefect UI +http://127\.0\.0\.1:(\d+)", text)[1])
    assert port != USUAL_PORT or not ours
    assert re.search(r"^Sent: price \d+", text.partition("What happened")[0], re.MULTILINE), "it shows how far it is"
    assert "Traceback" not in text
    assert not [secret for secret in SECRETS if secret in text]

    assert contents(theirs) == before
    assert not (tmp_path / ".prefect").exists()
    assert {path.name for path in (tmp_path / "a2m").iterdir()} == {"demo"}


def test_a_demo_that_runs_already(tmp_path):
    """A second start leaves the first one alone, and says which process it is."""
    from a2m.processes import Children, StillRunning

    environ = environment(tmp_path, {})
    said = tmp_path / "demo.log"
    with running(command("demo", "--once"), folder=tmp_path, environ=environ, log=said) as first:
        wait_until(lambda: len(of_the_demo(tmp_path)) > 0, "the demo's first process")
        try:
            Children(tmp_path / "a2m" / "demo")
        except StillRunning as refused:
            assert f"process {first.pid}" in str(refused)
        else:
            raise AssertionError("the second start took the first one's folder")
        assert first.poll() is None
        first.send_signal(signal.SIGTERM)
        assert first.wait(timeout=60) == 130
        assert "Stopped." in said.read_text()
        assert of_the_demo(tmp_path) == []
